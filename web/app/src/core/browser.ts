/** Browsers whose way back from a denied permission differs. */
export type BrowserKind =
  'chromium' | 'chromiumAndroid' | 'firefox' | 'firefoxAndroid' | 'safari' | 'safariIos' | 'other';

export function browserKind(userAgent: string, touchPoints = 0): BrowserKind {
  // iPads say they are Macs; every browser on iOS is Safari's engine with Safari's settings.
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1))
    return 'safariIos';
  const android = /Android/.test(userAgent);
  if (/Firefox\//.test(userAgent)) return android ? 'firefoxAndroid' : 'firefox';
  if (/Chrom(?:e|ium)\//.test(userAgent)) return android ? 'chromiumAndroid' : 'chromium';
  if (/Safari\//.test(userAgent) && /Macintosh/.test(userAgent)) return 'safari';
  return 'other';
}

export const thisBrowser = () => browserKind(navigator.userAgent, navigator.maxTouchPoints);
export const isMac = () => /Macintosh|Mac OS X/.test(navigator.userAgent);
export const canShareScreen = () =>
  // Without a secure context there is no `mediaDevices` at all: the button then explains that.
  navigator.mediaDevices === undefined || 'getDisplayMedia' in navigator.mediaDevices;
export const canChooseSpeaker = () => 'setSinkId' in HTMLMediaElement.prototype;
