import type { Chime } from './chimes';

/** Two notes, in hertz: up for who comes, down for who goes. */
const notes: Record<Chime, readonly [number, number]> = { join: [587.33, 880], leave: [659.26, 440] };
const noteSeconds = 0.13;
const ringSeconds = 0.45;
/** Well below speech. */
const gain = 0.07;

type SinkContext = AudioContext & { setSinkId?: (deviceId: string) => Promise<void> };

let context: SinkContext | undefined;
let resting: ReturnType<typeof setTimeout> | undefined;

/** Plays a chime on the chosen speaker; drawn by the browser, so that there is no file to fetch. */
export default async function playChime(chime: Chime, speaker: string): Promise<void> {
  // Before a first click the browser would hold it back, and play it at a time when nobody has come.
  if (navigator.userActivation?.hasBeenActive === false) return;
  context ??= new AudioContext();
  clearTimeout(resting);
  const playing = context;
  // A speaker that is gone: the default one, then.
  await playing.setSinkId?.(speaker).catch(() => undefined);
  await playing.resume();
  const start = playing.currentTime + 0.02;
  for (const [index, frequency] of notes[chime].entries())
    ring(playing, frequency, start + index * noteSeconds);
  // A running context keeps the audio hardware awake.
  resting = setTimeout(() => void playing.suspend().catch(() => undefined), 1_500);
}

function ring(context: AudioContext, frequency: number, at: number): void {
  const [tone, volume] = [context.createOscillator(), context.createGain()];
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(gain, at + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + ringSeconds);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + ringSeconds);
}
