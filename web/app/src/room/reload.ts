/** How one was in a meeting, to go back into it in the same way. */
export interface Presence {
  name: string;
  mic: boolean;
  camera: boolean;
}

/**
 * A reload in the middle of a meeting goes straight back into it: who presses F5 because something
 * stutters must not have to find the way in again. Lives in this tab only.
 */
const key = 'kaigi.reload';
const longestMilliseconds = 5 * 60_000;

export function rememberForReload(room: string, presence: Presence): void {
  try {
    sessionStorage.setItem(key, JSON.stringify({ room, at: Date.now(), ...presence }));
  } catch {
    // The pre-join page is shown then.
  }
}

/** How one was in this room before the page was reloaded; asked once. */
export function presenceBeforeReload(room: string): Presence | undefined {
  try {
    const text = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    const [navigation] = performance.getEntriesByType('navigation');
    const reloaded = navigation instanceof PerformanceNavigationTiming && navigation.type === 'reload';
    if (text === null || !reloaded) return undefined;
    const stored = JSON.parse(text) as Record<string, unknown>;
    const { name, mic, camera, at } = stored;
    if (stored.room !== room || typeof name !== 'string' || typeof at !== 'number') return undefined;
    if (Date.now() - at > longestMilliseconds) return undefined;
    return { name, mic: mic === true, camera: camera === true };
  } catch {
    return undefined;
  }
}
