/** Fullscreen of an element; on an iPhone only a video can, and does it its own way. */
export function toggleFullscreen(element: HTMLElement): void {
  if (document.fullscreenElement) {
    void document.exitFullscreen().catch(() => undefined);
    return;
  }
  if ('requestFullscreen' in element) {
    void element.requestFullscreen().catch(() => undefined);
    return;
  }
  const video = (element as HTMLElement).querySelector('video') as
    (HTMLVideoElement & { webkitEnterFullscreen?: () => void }) | null;
  video?.webkitEnterFullscreen?.();
}
