import { Emitter } from './emitter';
import type { Reading } from './level-meter';
import { SpeakingDetector } from './speaking';

/** A microphone that works delivers noise at least; a pause of the system's own is shorter. */
const SILENCE_MS = 10_000;
/** A word to somebody in the room, a cough, a key: nobody has to be told of those. */
const SPEECH_MS = 800;

export interface MicWatchEvents {
  /** True: on, and yet nothing has come for ten seconds. False: something comes, or it is off. */
  silent: boolean;
  /** Somebody has begun to talk into a microphone that is on standby. Once for each time. */
  'muted-speech': undefined;
}

/** What a person would like to be told about their microphone. */
export class MicWatch extends Emitter<MicWatchEvents> {
  readonly #voice = new SpeakingDetector();
  #on = false;
  #silent = false;
  #silentSince: number | undefined;
  #speakingSince: number | undefined;
  #told = false;

  get silent(): boolean {
    return this.#silent;
  }

  /** The microphone has been turned on or off, or is another one now: nothing is known of it yet. */
  restart(on: boolean): void {
    this.#on = on;
    this.#silentSince = undefined;
    this.#speakingSince = undefined;
    this.#told = false;
    this.#voice.silence();
    this.#setSilent(false);
  }

  handleReading(reading: Reading, now: number): void {
    if (this.#on) this.#watchSilence(reading.digitalSilence, now);
    else this.#listen(reading.decibel, now);
  }

  #watchSilence(digitalSilence: boolean, now: number): void {
    if (!digitalSilence) {
      this.#silentSince = undefined;
      this.#setSilent(false);
      return;
    }
    this.#silentSince ??= now;
    if (now - this.#silentSince >= SILENCE_MS) this.#setSilent(true);
  }

  #listen(decibel: number, now: number): void {
    this.#voice.handleLevel(decibel, now);
    if (!this.#voice.speaking) {
      this.#speakingSince = undefined;
      this.#told = false;
      return;
    }
    this.#speakingSince ??= now;
    if (this.#told || now - this.#speakingSince < SPEECH_MS) return;
    this.#told = true;
    this.emit('muted-speech', undefined);
  }

  #setSilent(silent: boolean): void {
    if (silent === this.#silent) return;
    this.#silent = silent;
    this.emit('silent', silent);
  }
}
