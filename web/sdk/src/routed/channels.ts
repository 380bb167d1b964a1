import { Emitter } from '../emitter';

/** Both are agreed on in advance (RFC 8831 §6.4): reliable and ordered, and at most once in any order. */
const RELIABLE_ID = 0;
const FLEETING_ID = 2;

/** More than this waits in the channel itself only where a single message is larger. */
const FULL_BYTES = 1024 * 1024;
const LOW_BYTES = 256 * 1024;

/** Nothing the server would pass on. */
const PROVOCATION = new Uint8Array(1);

export interface ChannelEvents {
  /** The reliable channel can be used. */
  open: undefined;
  /** There is room again. */
  drained: undefined;
  message: { data: unknown; reliable: boolean };
}

/** The two data channels to the server, over all peer connections to it. */
export class ServerChannels extends Emitter<ChannelEvents> {
  #reliable: RTCDataChannel | undefined;
  #fleeting: RTCDataChannel | undefined;

  attach(connection: RTCPeerConnection): void {
    this.#reliable = this.#create(connection, { negotiated: true, id: RELIABLE_ID });
    this.#fleeting = this.#create(connection, {
      negotiated: true,
      id: FLEETING_ID,
      ordered: false,
      maxRetransmits: 0,
    });
  }

  get open(): boolean {
    return this.#reliable?.readyState === 'open';
  }

  /** No more of what can wait should be sent now. */
  get full(): boolean {
    return !this.open || this.bufferedBytes >= FULL_BYTES;
  }

  get bufferedBytes(): number {
    return (this.#reliable?.bufferedAmount ?? 0) + (this.#fleeting?.bufferedAmount ?? 0);
  }

  send(bytes: Uint8Array<ArrayBuffer>, reliable: boolean): void {
    const channel = reliable ? this.#reliable : this.#fleeting;
    if (channel?.readyState === 'open') channel.send(bytes);
  }

  /** Makes the server's SCTP answer (RFC 9260 §6.2). */
  provoke(): void {
    if (this.#fleeting?.bufferedAmount === 0) this.send(PROVOCATION, false);
  }

  #create(connection: RTCPeerConnection, options: RTCDataChannelInit): RTCDataChannel {
    const channel = connection.createDataChannel('kaigi', options);
    const reliable = options.id === RELIABLE_ID;
    const current = () => channel === (reliable ? this.#reliable : this.#fleeting);
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = LOW_BYTES;
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (current()) this.emit('message', { data, reliable });
    });
    if (reliable) {
      channel.addEventListener('open', () => current() && this.emit('open', undefined));
      channel.addEventListener('bufferedamountlow', () => current() && this.emit('drained', undefined));
    }
    return channel;
  }
}
