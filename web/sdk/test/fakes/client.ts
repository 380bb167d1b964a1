import { vi } from 'vitest';
import { joinRoom } from '../../src/join';
import { Devices } from '../../src/local-media';
import type { JoinOptions, Room } from '../../src/types';
import type { Event, Join, Joined, Signal } from '../../src/wire.gen';
import { FakeNetwork, settle } from './connection';
import { FakeMediaDevices } from './media-devices';
import { must } from './must';
import { asReal, FakePeerConnection } from './peer-connection';

/** One client, with the test as its server, its browser and its hardware. */
export class Client {
  readonly network = new FakeNetwork();
  readonly peers: FakePeerConnection[] = [];
  readonly media = new Devices({}, new FakeMediaDevices().asReal());
  readonly log: string[] = [];
  readonly joining: Promise<Room>;
  #room: Room | undefined;

  constructor(options: Partial<JoinOptions> = {}) {
    this.joining = joinRoom(
      'https://k.example',
      { room: 'room', name: 'me', media: this.media, persist: false, ...options },
      {
        connect: this.network.connect,
        createConnection: (configuration) => {
          const connection = new FakePeerConnection(configuration);
          this.peers.push(connection);
          return asReal(connection);
        },
      },
    );
    this.joining.catch(() => undefined);
  }

  get room(): Room {
    return must(this.#room);
  }

  get peer(): FakePeerConnection {
    return must(this.peers.at(-1));
  }

  /** The server answers `join`. */
  async join(answer: Joined): Promise<Join> {
    await settle();
    this.network.last.handlers.opened();
    const request = this.network.last.take<Join>('join');
    await request.ok(answer);
    if (!this.#room) {
      const room = (this.#room = await this.joining);
      room.on('participant-joined', ({ name }) => this.log.push(`joined ${name}`));
      room.on('participant-left', ({ participant: { name }, reason }) =>
        this.log.push(`left ${name} ${reason}`),
      );
      room.on('signaling', ({ state }) => this.log.push(state));
    }
    await settle();
    return request.data;
  }

  async rejoin(answer: Joined): Promise<Join> {
    await this.network.last.lose();
    await vi.advanceTimersByTimeAsync(15_000);
    return this.join(answer);
  }

  async tell(event: Event): Promise<void> {
    this.network.last.handlers.event(event.event, event.data);
    await settle();
  }

  /** The signals that wait for the server's answer; answers them. */
  async signals(): Promise<Signal[]> {
    const signals: Signal[] = [];
    while (this.network.last.requests[0]?.event === 'signal') {
      const request = this.network.last.take<Signal>('signal');
      signals.push(request.data);
      await request.ok();
    }
    return signals;
  }
}

/** Carries signals between two clients until both are silent. */
export async function connect(a: Client, b: Client): Promise<void> {
  for (let round = 0; round < 10; round++) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const { seq, payload } of await from.signals()) {
        await to.tell({ event: 'signal', data: { from: from.room.id, incarnation: 0, seq, payload } });
      }
    }
  }
}
