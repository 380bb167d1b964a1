const keys = new WeakMap<MediaStreamTrack, string>();
let last = 0;

/** A key for lists: tracks of two connections may have the same `id` when they come from the same source. */
export function trackKey(track: MediaStreamTrack): string {
  let key = keys.get(track);
  if (key === undefined) {
    key = `track-${++last}`;
    keys.set(track, key);
  }
  return key;
}
