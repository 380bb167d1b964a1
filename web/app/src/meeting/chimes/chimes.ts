export type Chime = 'join' | 'leave';

/** In a larger room somebody comes and goes all the time. */
const mostPeople = 8;
const pauseMilliseconds = 2_000;

/** Decides which coming and going is heard: in small rooms, and of several at once the first. */
export class ChimePace {
  #last = -Infinity;

  /** `people`: all who are here now, oneself among them. */
  take(people: number, now: number): boolean {
    if (people > mostPeople || now - this.#last < pauseMilliseconds) return false;
    this.#last = now;
    return true;
  }
}
