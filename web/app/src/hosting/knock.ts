const pauseMilliseconds = 4_000;

/** Decides which newcomers at the door are heard: somebody new, and not again within a few seconds. */
export class KnockPace {
  #known: ReadonlySet<number> = new Set();
  #last = -Infinity;

  take(waiting: readonly { id: number }[], now: number): boolean {
    const news = waiting.some(({ id }) => !this.#known.has(id));
    this.#known = new Set(waiting.map(({ id }) => id));
    if (!news || now - this.#last < pauseMilliseconds) return false;
    this.#last = now;
    return true;
  }
}

/** Two soft taps, in hertz and in seconds after the first. */
const taps: readonly [number, number][] = [
  [392, 0],
  [392, 0.16],
];

/** Drawn by the browser, so that there is no file to fetch. */
export async function playKnock(): Promise<void> {
  // Before a first click the browser would hold it back, and play it when nobody waits any more.
  if (navigator.userActivation?.hasBeenActive === false) return;
  const context = new AudioContext();
  for (const [frequency, after] of taps) {
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    const at = context.currentTime + 0.02 + after;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.06, at + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.22);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.25);
  }
  await new Promise((resolve) => setTimeout(resolve, 700));
  await context.close();
}
