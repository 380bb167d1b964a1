import { toDecibel } from './level';

/** Speech into a headset is around -30 dBFS; a quiet room is below -55. */
const ON_DECIBEL = -42;
const OFF_DECIBEL = -50;
/** A click is shorter. */
const ON_MS = 100;
/** Between two syllables the level falls for a moment. */
const GAP_MS = 250;
/** The pause between two words is shorter. */
const OFF_MS = 600;
/** A source that has sent nothing for so long is silent, whatever its last level was. */
const STALE_MS = 400;

/** Whether somebody speaks, from the level of their microphone; with hysteresis, so that it does not flicker. */
export class SpeakingDetector {
  #speaking = false;
  /** When the sound began that may be speech, and when it was last heard. */
  #began = -Infinity;
  #heard = -Infinity;

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Takes the level of now, in dBFS. Returns whether `speaking` changed. */
  handleLevel(decibel: number, now: number): boolean {
    if (decibel > (this.#speaking ? OFF_DECIBEL : ON_DECIBEL)) {
      if (now - this.#heard > GAP_MS) this.#began = now;
      this.#heard = now;
      return !this.#speaking && now - this.#began >= ON_MS && this.#turn(true);
    }
    return this.#speaking && now - this.#heard >= OFF_MS && this.#turn(false);
  }

  /** The microphone is off: no need to wait. */
  silence(): boolean {
    return this.#speaking && this.#turn(false);
  }

  #turn(speaking: boolean): true {
    this.#speaking = speaking;
    return true;
  }
}

/** Sound as it is now. */
export interface Sound {
  /** 0..1 of full scale, linear (RFC 6464). */
  audioLevel?: number;
  /** Anything that changes when more has come. */
  timestamp: number;
}

/** Reads somebody's level, in dBFS. */
export class Level {
  #lastTimestamp = -1;
  #lastChange = 0;

  read(sounds: readonly Sound[], now: number): number {
    let level = 0;
    let timestamp = -1;
    for (const sound of sounds) {
      level = Math.max(level, sound.audioLevel ?? 0);
      timestamp = Math.max(timestamp, sound.timestamp);
    }
    // Browsers disagree on the clock of these timestamps; that they stand still says enough.
    if (timestamp !== this.#lastTimestamp) {
      this.#lastTimestamp = timestamp;
      this.#lastChange = now;
    }
    return now - this.#lastChange > STALE_MS ? -Infinity : toDecibel(level);
  }
}
