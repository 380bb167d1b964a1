/** How one's own pictures are sent; what is left out is chosen by itself. Sound is never held back. */
export interface SendQuality {
  /** The camera's picture is at most so high, in pixels: 720, 360, 180 or whatever the camera can. */
  readonly height?: number;
  /** Pictures a second, at most. */
  readonly frameRate?: number;
  /** Bits per second that the pictures of one connection take together, at most. */
  readonly bitrate?: number;
  /** Preferred for direct calls, where the browser can change it: `VP8`, `H264`, `VP9`, `AV1`. */
  readonly codec?: string;
}

/** Why less is sent than one's own choice allows. */
export interface SendLimit {
  /** 1: smaller, 2: small, 3: no picture at all. */
  readonly step: 1 | 2 | 3;
  /** `cpu`: this device does not keep up; `bandwidth`: the line does not, and sound goes first. */
  readonly reason: 'cpu' | 'bandwidth';
}
