import { decodeFrame } from '../../src/data-frame';
import { Emitter } from '../../src/emitter';
import { Files } from '../../src/files/files';
import { decode } from '../../src/files/messages';
import type { FileMessage } from '../../src/files/messages';
import { memorySink } from '../../src/files/sinks';
import type { OpenSink, Sink } from '../../src/files/sinks';
import type { FileTransfer } from '../../src/files/types';
import type { PathsEvents } from '../../src/paths';
import { Roster } from '../../src/roster';
import type { ChatEntry, FileOffer, Participant } from '../../src/wire.gen';
import { must } from './must';
import { joined, participant } from './wire';

/** What may wait on a way before it says that there is no room. */
const ROOM_BYTES = 128 * 1024;

export interface Passing {
  from: string;
  to: string;
  message: FileMessage;
  bulk: boolean;
  payload: Uint8Array;
}

/** A room of clients whose data messages the test sees, delays, loses and forges. */
export class FileRoom {
  readonly clients = new Map<string, FileClient>();
  readonly moving: Passing[] = [];
  readonly passed: Passing[] = [];
  /** Whether a message arrives; a test may also change its payload. */
  passes: (passing: Passing) => boolean = () => true;
  entries: ChatEntry[] = [];

  enter(...ids: string[]): FileClient[] {
    const entered = ids.map((id) => new FileClient(this, id));
    for (const client of entered) this.clients.set(client.id, client);
    const all = [...this.clients.keys()].map((id) => participant(id));
    for (const client of this.clients.values()) {
      client.roster.handleJoined(
        joined(
          participant(client.id),
          all.filter(({ id }) => id !== client.id),
        ),
      );
    }
    return entered;
  }

  say(entry: Omit<ChatEntry, 'id' | 'at' | 'name'>): void {
    const whole = { id: this.entries.length + 1, at: 0, name: entry.from, ...entry };
    this.entries.push(whole);
    for (const client of this.clients.values()) {
      if (whole.to === undefined || [whole.to, whole.from].includes(client.id))
        client.files.handleChat([whole]);
    }
  }

  leave(id: string): void {
    must(this.clients.get(id)).close();
    this.clients.delete(id);
    for (const { roster } of this.clients.values()) roster.handleParticipantLeft({ id, reason: 'left' });
  }

  /** Lets everything happen that needs no time to pass: at most so many messages. */
  async settle(most = Infinity): Promise<void> {
    let count = 0;
    for (let idle = 0; idle < 4 && count < most;) {
      const next = this.moving.shift();
      if (!next) {
        idle++;
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      idle = 0;
      count++;
      this.passed.push(next);
      const sender = this.clients.get(next.from);
      if (next.bulk) sender?.release(next);
      if (this.passes(next)) this.clients.get(next.to)?.take(next.from, next.payload);
    }
  }
}

export class FileClient {
  readonly roster = new Roster();
  readonly files: Files;
  readonly paths = new Emitter<PathsEvents>();
  /** Content by file name, for the sinks that were asked for. */
  readonly sinks: Sink[] = [];
  readonly states = new Map<string, string[]>();
  openSink: OpenSink = async ({ mediaType }) => memorySink(mediaType);
  way = 'direct';
  #waiting = 0;

  constructor(
    readonly room: FileRoom,
    readonly id: string,
  ) {
    this.files = new Files({
      ownId: () => id,
      roster: this.roster,
      paths: {
        on: (event, listener) => this.paths.on(event, listener),
        hasRoom: () => this.#waiting < ROOM_BYTES,
        pathOf: () => this.way as 'direct',
        send: (ids, frame, { bulk = false }) => {
          const { payload } = must(decodeFrame(frame.buffer));
          for (const to of ids) {
            if (bulk) this.#waiting += payload.length;
            room.moving.push({ from: id, to, payload, bulk, message: must(decode(payload)) });
          }
        },
      },
      signaling: {
        whenJoined: async () => undefined,
        request: async (_event: string, data: unknown) => {
          const { file, to } = data as FileOffer;
          room.say({ from: id, body: { type: 'file', ...file }, ...(to === undefined ? {} : { to }) });
          return { id: 1 } as never;
        },
      },
      openSink: async (options, target) => {
        const sink = await this.openSink(options, target);
        if (sink) this.sinks.push(sink);
        return sink;
      },
    });
    this.files.handleJoined(id);
    this.files.on('transfer', ({ name, state }) => {
      const states = this.states.get(name) ?? [];
      if (states.at(-1) !== state) states.push(state);
      this.states.set(name, states);
    });
  }

  file(name: string): FileTransfer {
    return must(this.files.all.find((transfer) => transfer.name === name));
  }

  fetch(name: string): Promise<boolean> {
    return this.files.fetch(this.file(name).id);
  }

  /** Its page was reloaded: the others see the same participant, begun anew. */
  seesReload(of: string): void {
    const again: Participant = participant(of, { incarnation: 1 });
    this.roster.handleParticipantUpdated(again);
  }

  take(from: string, payload: Uint8Array): void {
    this.paths.emit('data', { from, topic: 'kaigi.file', payload });
  }

  release({ to, payload }: Passing): void {
    const full = this.#waiting >= ROOM_BYTES;
    this.#waiting -= payload.length;
    if (full && this.#waiting < ROOM_BYTES) this.paths.emit('drained', to);
  }

  close(): void {
    this.files.close();
    this.roster.close();
  }
}

/** Content that is nowhere alike. */
export function content(bytes: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(bytes);
  for (let at = 0, value = 1; at < bytes; at++) {
    value = (value * 1_103_515_245 + 12_345) & 0x7fffffff;
    data[at] = value >> 16;
  }
  return data;
}
