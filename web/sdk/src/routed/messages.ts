import { Emitter } from '../emitter';
import type { ParticipantId } from '../wire.gen';
import { creditFrame, MOST_NAMES, questionFrame, seal, unseal } from './envelope';

/**
 * What may be under way to one participant that it has not said to have consumed. The server lets 1 MiB wait for each
 * receiver, for whom several may have something.
 */
const WINDOW_BYTES = 256 * 1024;
/** After so much somebody is told that it was consumed. */
const CREDIT_BYTES = WINDOW_BYTES / 4;
/** Credit that has not come by now was for something that was lost, with a connection. */
const STALL_MS = 5_000;
/** Of what is sent in bulk no more waits for one participant: what is sent beside it would wait behind it. */
const BULK_BYTES = 64 * 1024;
const TICK_MS = 1_000;

/** What carries envelopes to the server. */
export interface Outlet {
  readonly open: boolean;
  readonly full: boolean;
  send(bytes: Uint8Array<ArrayBuffer>, reliable: boolean): void;
}

type Frame = Uint8Array<ArrayBuffer>;

interface Other {
  /** Its connection to the server is up: before that, what is sent to it is lost. */
  here: boolean;
  waiting: Frame[];
  waitingBytes: number;
  underWay: number;
  lastCreditAt: number;
  /** What it sent and was not told about. */
  consumed: number;
}

/**
 * Data messages by way of the server, which passes them on without keeping any: flow control is between the
 * ends. Each receiver grants credit for what it has consumed; what goes beyond waits here, for each receiver
 * apart, so that a slow one holds up nobody else.
 */
export class RoutedMessages extends Emitter<{
  message: { from: ParticipantId; frame: Frame };
  /** There is room again for what is sent in bulk to this participant. */
  drained: ParticipantId;
}> {
  readonly #outlet: Outlet;
  readonly #others = new Map<ParticipantId, Other>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(outlet: Outlet) {
    super();
    this.#outlet = outlet;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Bytes that wait for this participant. */
  waitingBytes(id: ParticipantId): number {
    return this.#others.get(id)?.waitingBytes ?? 0;
  }

  /** More may be sent in bulk. */
  hasRoom(id: ParticipantId): boolean {
    return this.waitingBytes(id) < BULK_BYTES && !this.#outlet.full;
  }

  /** It was heard of by way of the server. */
  isHere(id: ParticipantId): boolean {
    return this.#others.get(id)?.here ?? false;
  }

  /** `everybody`: the receivers are all there are, so that they need not be named. */
  send(ids: readonly ParticipantId[], frame: Frame, reliable: boolean, everybody: boolean): void {
    if (!reliable) {
      this.#transmit(ids, frame, false, everybody);
      return;
    }
    const now = ids.filter((id) => this.#mayTake(this.#other(id), frame));
    for (const id of ids) {
      if (!now.includes(id)) this.#wait(this.#other(id), frame);
    }
    for (const id of now) this.#other(id).underWay += frame.length;
    this.#transmit(now, frame, true, everybody && now.length === ids.length);
    if (now.length < ids.length) this.#ask();
  }

  /** What the server passed on. */
  handleMessage(data: unknown, reliable: boolean): void {
    const received = unseal(data);
    if (!received) return;
    const other = this.#other(received.from);
    const wasHere = other.here;
    other.here = true;
    switch (received.kind) {
      case 'credit':
        other.underWay = Math.max(0, other.underWay - received.bytes);
        other.lastCreditAt = performance.now();
        break;
      case 'question':
        this.#transmit([received.from], creditFrame(0), true, false);
        break;
      case 'message':
        this.emit('message', { from: received.from, frame: received.frame });
        if (reliable) this.#consume(received.from, other, received.frame.length);
    }
    if (!wasHere || received.kind === 'credit') this.#pump();
  }

  /** The way to the server is open, for the first time or again: what was under way is gone. */
  handleOpen(): void {
    for (const other of this.#others.values()) other.underWay = 0;
    this.#transmit([], creditFrame(0), true, true);
    this.#ask();
    this.#pump();
  }

  handleDrained(): void {
    this.#pump();
  }

  /** It has left, or begins anew. */
  forget(id: ParticipantId): void {
    this.#others.delete(id);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#others.clear();
    this.clear();
  }

  #other(id: ParticipantId): Other {
    let other = this.#others.get(id);
    if (!other) {
      other = { here: false, waiting: [], waitingBytes: 0, underWay: 0, lastCreditAt: 0, consumed: 0 };
      this.#others.set(id, other);
    }
    return other;
  }

  #mayTake(other: Other, frame: Frame): boolean {
    return other.waiting.length === 0 && this.#fits(other, frame);
  }

  #fits({ here, underWay }: Other, frame: Frame): boolean {
    return here && !this.#outlet.full && (underWay === 0 || underWay + frame.length <= WINDOW_BYTES);
  }

  #wait(other: Other, frame: Frame): void {
    // The time in which credit has to come begins when something waits for it.
    if (other.waiting.length === 0) other.lastCreditAt = performance.now();
    other.waiting.push(frame);
    other.waitingBytes += frame.length;
  }

  /** Sends what may go: a frame that waits for several of them once. */
  #pump(): void {
    const drained: ParticipantId[] = [];
    for (const [to, first] of this.#others) {
      const full = first.waitingBytes >= BULK_BYTES;
      for (;;) {
        const [frame] = first.waiting;
        if (!frame || !this.#fits(first, frame)) break;
        const ids: ParticipantId[] = [];
        for (const [id, other] of this.#others) {
          if (other.waiting[0] !== frame || !this.#fits(other, frame)) continue;
          other.waiting.shift();
          other.waitingBytes -= frame.length;
          other.underWay += frame.length;
          ids.push(id);
        }
        this.#transmit(ids, frame, true, false);
      }
      if (full && first.waitingBytes < BULK_BYTES) drained.push(to);
    }
    // Who hears of it sends more.
    for (const id of drained) this.emit('drained', id);
  }

  #consume(id: ParticipantId, other: Other, bytes: number): void {
    other.consumed += bytes;
    if (other.consumed < CREDIT_BYTES || !this.#outlet.open) return;
    this.#transmit([id], creditFrame(other.consumed), true, false);
    other.consumed = 0;
  }

  #tick(): void {
    const now = performance.now();
    for (const other of this.#others.values()) {
      if (other.waiting.length > 0 && other.here && now - other.lastCreditAt >= STALL_MS) other.underWay = 0;
    }
    this.#ask();
    this.#pump();
  }

  /** Asks those for whom something waits whether they are there: their own word may have come before us. */
  #ask(): void {
    const missing = [...this.#others].filter(([, { here, waiting }]) => !here && waiting.length > 0);
    this.#transmit(
      missing.map(([id]) => id),
      questionFrame(),
      true,
      false,
    );
  }

  #transmit(ids: readonly ParticipantId[], frame: Frame, reliable: boolean, everybody: boolean): void {
    if (!this.#outlet.open) return;
    if (everybody) return this.#outlet.send(seal([], frame), reliable);
    for (let at = 0; at < ids.length; at += MOST_NAMES) {
      this.#outlet.send(seal(ids.slice(at, at + MOST_NAMES), frame), reliable);
    }
  }
}
