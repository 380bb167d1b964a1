/** localStorage that never throws: private windows and strict settings forbid it. */
export function readStored<T>(key: string, fallback: T, valid: (value: unknown) => value is T): T {
  try {
    const text = localStorage.getItem(`kaigi.${key}`);
    if (text === null) return fallback;
    const value: unknown = JSON.parse(text);
    return valid(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

export function writeStored(key: string, value: unknown): void {
  try {
    localStorage.setItem(`kaigi.${key}`, JSON.stringify(value));
  } catch {
    // Not remembered, then; nothing depends on it.
  }
}
