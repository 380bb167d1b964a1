/** One packet as video makes them. */
export const PACKET_BYTES = 1_100;

const HEADER_BYTES = 13;

/** What a packet of the test says about itself. */
export interface Stamp {
  phase: 'paced' | 'fast';
  sequence: number;
  /** `performance.now()` of the sender, which is the receiver too. */
  sentAt: number;
}

export function writePacket({ phase, sequence, sentAt }: Stamp): ArrayBuffer {
  const packet = new ArrayBuffer(PACKET_BYTES);
  const view = new DataView(packet);
  view.setUint8(0, phase === 'paced' ? 0 : 1);
  view.setUint32(1, sequence);
  view.setFloat64(5, sentAt);
  return packet;
}

/** Undefined for anything that is not a packet of the test. */
export function readPacket(packet: unknown): Stamp | undefined {
  if (!(packet instanceof ArrayBuffer) || packet.byteLength < HEADER_BYTES) return undefined;
  const view = new DataView(packet);
  return {
    phase: view.getUint8(0) === 0 ? 'paced' : 'fast',
    sequence: view.getUint32(1),
    sentAt: view.getFloat64(5),
  };
}

/** How many packets are due at a steady rate. */
export class Pace {
  readonly #packetsPerMs: number;
  readonly #startedAt: number;
  readonly #burst: number;
  #counted = 0;

  /** `burst`: most at once. What a slowed-down timer missed beyond that is left out, not made up for. */
  constructor(bitsPerSecond: number, startedAt: number, burst: number) {
    this.#packetsPerMs = bitsPerSecond / 8_000 / PACKET_BYTES;
    this.#startedAt = startedAt;
    this.#burst = burst;
  }

  due(now: number): number {
    const total = Math.floor((now - this.#startedAt) * this.#packetsPerMs);
    const due = Math.min(this.#burst, total - this.#counted);
    this.#counted = total;
    return due;
  }
}

/** Counts what was sent and what arrived. */
export class Meter {
  #sent = 0;
  #refused = 0;
  readonly #delays: number[] = [];
  #fastBytes = 0;
  #lastFastAt = 0;
  #arrivals = 0;

  /** A paced packet has left, or the channel had no room for it. */
  handleSent(taken: boolean): void {
    if (taken) this.#sent++;
    else this.#refused++;
  }

  handleArrival({ phase, sentAt }: Stamp, now: number): void {
    this.#arrivals++;
    if (phase === 'paced') {
      this.#delays.push(now - sentAt);
      return;
    }
    this.#fastBytes += PACKET_BYTES;
    this.#lastFastAt = now;
  }

  get arrivals(): number {
    return this.#arrivals;
  }

  /** Share of what a call needs to send that the channel had no room for. */
  get refusedShare(): number {
    return this.#refused / Math.max(1, this.#sent + this.#refused);
  }

  get loss(): number {
    return 1 - this.#delays.length / Math.max(1, this.#sent);
  }

  /** Of the fast packets, from the moment when the first of them was sent to the arrival of the last. */
  bitrate(startedAt: number): number {
    return (this.#fastBytes * 8_000) / Math.max(1, this.#lastFastAt - startedAt);
  }

  /** The median, and what only a twentieth of the packets exceed. */
  delays(): { median: number; slow: number } {
    const sorted = [...this.#delays].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return { median: at(0.5), slow: at(0.95) };
  }
}
