import { useCallback, useEffect, useMemo, useState } from 'react';

/** https://wicg.github.io/document-picture-in-picture/; not in every browser, nor in the type library. */
interface DocumentPictureInPicture {
  requestWindow(options: { width: number; height: number }): Promise<Window>;
}

declare global {
  interface Window {
    documentPictureInPicture?: DocumentPictureInPicture;
  }
}

/** The meeting in a small window that stays above all others. */
export interface Pip {
  supported: boolean;
  open: boolean;
  /** A window to draw into. */
  window: Window | undefined;
  /** The tile whose video the browser itself shows, where there are no such windows. */
  video: string | undefined;
  toggle: () => void;
}

const size = { width: 400, height: 260 };

export function usePip(): Pip {
  const [own, setOwn] = useState<Window>();
  const [video, setVideo] = useState<string>();
  const toggle = useCallback(() => {
    if (own) own.close();
    else if (document.pictureInPictureElement) document.exitPictureInPicture().catch(() => undefined);
    else if (window.documentPictureInPicture) {
      window.documentPictureInPicture.requestWindow(size).then(
        (opened) => {
          opened.addEventListener('pagehide', () => setOwn(undefined), { once: true });
          setOwn(opened);
        },
        () => undefined, // the browser's or the user's wish
      );
    } else {
      const shown = largestVideo();
      if (!shown) return;
      const key = shown.closest('[data-tile]')?.getAttribute('data-tile') ?? undefined;
      shown.addEventListener('leavepictureinpicture', () => setVideo(undefined), { once: true });
      shown.requestPictureInPicture().then(
        () => setVideo(key),
        () => undefined,
      );
    }
  }, [own]);
  // Whoever leaves the meeting leaves this window too.
  useEffect(() => () => own?.close(), [own]);
  return useMemo(
    () => ({
      supported: window.documentPictureInPicture !== undefined || document.pictureInPictureEnabled === true,
      open: own !== undefined || video !== undefined,
      window: own,
      video,
      toggle,
    }),
    [own, video, toggle],
  );
}

function largestVideo(): HTMLVideoElement | undefined {
  const area = ({ clientWidth, clientHeight }: Element) => clientWidth * clientHeight;
  const showing = document.querySelectorAll<HTMLVideoElement>('[data-tile] video[data-showing="true"]');
  return [...showing].sort((a, b) => area(b) - area(a))[0];
}
