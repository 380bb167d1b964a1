import { Emitter } from './emitter';
import { Level, SpeakingDetector } from './speaking';
import type { Sound } from './speaking';

/** One participant's microphone as it is now. */
export interface Listened {
  id: string;
  mic: boolean;
  /** Absent where the server sends us none of its sound: what it says of who speaks has to do. */
  sounds: readonly Sound[] | undefined;
}

/** Who of the others speaks. */
export class RemoteSpeaking extends Emitter<{ change: string }> {
  readonly #voices = new Map<string, { level: Level; detector: SpeakingDetector }>();

  /** Those the server hears, and those of them whom we do not. */
  #heard: ReadonlySet<string> = new Set();
  #unheard: ReadonlySet<string> = new Set();

  isSpeaking(id: string): boolean {
    return this.#voices.get(id)?.detector.speaking || this.#unheard.has(id);
  }

  /** The server says who speaks. */
  handleSpeakers(ids: readonly string[]): void {
    this.#heard = new Set(ids);
  }

  /** Looks at everyone; to be called about ten times a second. */
  poll(listened: readonly Listened[], now: number): void {
    const unheardBefore = this.#unheard;
    this.#unheard = new Set(
      listened.filter(({ id, mic, sounds }) => mic && !sounds && this.#heard.has(id)).map(({ id }) => id),
    );
    for (const { id, mic, sounds } of listened) {
      let voice = this.#voices.get(id);
      if (!voice) {
        voice = { level: new Level(), detector: new SpeakingDetector() };
        this.#voices.set(id, voice);
      }
      const { level, detector } = voice;
      const changed = mic && sounds ? detector.handleLevel(level.read(sounds, now), now) : detector.silence();
      if (changed || this.#unheard.has(id) !== unheardBefore.has(id)) this.emit('change', id);
    }
  }

  forget(id: string): void {
    this.#voices.delete(id);
  }
}
