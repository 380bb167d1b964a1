import { useEffect, useRef, useState, type RefObject } from 'react';

/** Longest a picture is held back for its first new frame; a hidden page shows none at all. */
const firstFrameMilliseconds = 1500;

/**
 * Plays a track in a `<video>` that stays the same element for its whole life. `showing` turns true with
 * the first frame after the picture was switched on, so that neither black nor an old frame flashes.
 */
export function useVideo(
  track: MediaStreamTrack | undefined,
  on: boolean,
): { video: RefObject<HTMLVideoElement | null>; showing: boolean; aspect: number | undefined } {
  const video = useRef<HTMLVideoElement>(null);
  const [shown, setShown] = useState<MediaStreamTrack>();
  const [aspect, setAspect] = useState<number>();

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    element.srcObject = track ? new MediaStream([track]) : null;
    // `autoplay` starts it; where it is held back, muted playback may still be asked for.
    if (track) element.play().catch(() => undefined);
    return () => {
      element.srcObject = null;
    };
  }, [track]);

  useEffect(() => {
    const element = video.current;
    if (!element || !track || !on) return;
    const show = () => setShown(track);
    const timer = setTimeout(() => {
      if (element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) show();
      else element.addEventListener('loadeddata', show, { once: true });
    }, firstFrameMilliseconds);
    const frame =
      'requestVideoFrameCallback' in element ? element.requestVideoFrameCallback(show) : undefined;
    if (frame === undefined) element.addEventListener('playing', show, { once: true });
    return () => {
      clearTimeout(timer);
      if (frame !== undefined) element.cancelVideoFrameCallback(frame);
      element.removeEventListener('playing', show);
      element.removeEventListener('loadeddata', show);
      setShown(undefined);
    };
  }, [track, on]);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const measure = () => {
      if (element.videoWidth > 0) setAspect(element.videoWidth / element.videoHeight);
    };
    element.addEventListener('resize', measure);
    element.addEventListener('loadedmetadata', measure);
    return () => {
      element.removeEventListener('resize', measure);
      element.removeEventListener('loadedmetadata', measure);
    };
  }, []);

  return { video, showing: on && track !== undefined && shown === track, aspect };
}
