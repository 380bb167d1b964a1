import { ConnectionLost } from './errors';
import { iceServersFor, onMediaPort } from './ice-servers';
import type { Announced } from './ice-servers';
import type { Signaling } from './signaling';

/** How often it is looked whether the credential is old: the clock goes on while a laptop sleeps, timers do not. */
const LOOK_MS = 60_000;

export interface IceServersOptions {
  serverUrl: string;
  /** The application's own. */
  extra: readonly RTCIceServer[] | undefined;
  signaling: Pick<Signaling, 'request' | 'isJoined'>;
  /** Takes the servers to use from now on, and which of them share the port of media. */
  use: (iceServers: RTCIceServer[], sharedPort: string[]) => void;
}

/** The ICE servers of a meeting: an ICE restart must not come with a credential that is over. */
export class IceServers {
  readonly #options: IceServersOptions;
  readonly #timer = setInterval(() => void this.#renew(), LOOK_MS);
  #announced: Announced | undefined;
  /** When the credential has lived half its time, by the clock. */
  #renewAt = Infinity;

  constructor(options: IceServersOptions) {
    this.#options = options;
  }

  /** Before the server has announced any: its STUN needs no credential. */
  get first(): RTCIceServer[] {
    return iceServersFor(this.#options.serverUrl, this.#options.extra);
  }

  announce({ turn, iceServers }: Announced): void {
    this.#announced = { turn, iceServers };
    this.#renewAt = Date.now() + turn.seconds * 500;
    const { serverUrl, extra, use } = this.#options;
    use(iceServersFor(serverUrl, extra, this.#announced), onMediaPort(serverUrl, this.#announced));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    const { signaling } = this.#options;
    if (Date.now() < this.#renewAt || !this.#announced || !signaling.isJoined) return;
    try {
      this.announce({ ...this.#announced, turn: await signaling.request('turn', {}) });
    } catch (error) {
      // The next join brings one, or the next try.
      if (!(error instanceof ConnectionLost)) console.warn('kaigi: no new TURN credential', error);
    }
  }
}
