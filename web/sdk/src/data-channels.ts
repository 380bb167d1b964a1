import { decodeFrame } from './data-frame';
import type { Frame } from './data-frame';
import { Emitter } from './emitter';

/** Bytes that may wait to be sent to one participant: some seconds of a slow line. */
export const BUFFERED_BYTES = 4 * 1024 * 1024;

export interface Delivery {
  ordered: boolean;
  /** Absent: sent again until it arrives. */
  maxRetransmits?: number | undefined;
  /** Much, which everything else overtakes: a channel of its own. */
  bulk?: boolean | undefined;
}

/** Of what is sent in bulk so much waits in the channel; below the second figure there is room again. */
const BULK_BYTES = 1024 * 1024;
const BULK_LOW_BYTES = 512 * 1024;

/** No frame, so that nobody is told. */
const PROVOCATION = new Uint8Array(1);

interface Lane {
  channel: RTCDataChannel | undefined;
  delivery: Delivery;
  /** What was sent before the channel opened. */
  waiting: Uint8Array<ArrayBuffer>[];
}

/** The data channels to one participant: one per kind of delivery, made when first used. */
export class DataChannels extends Emitter<{ message: Frame; closed: undefined; drained: undefined }> {
  #connection: RTCPeerConnection | undefined;
  readonly #lanes = new Map<string, Lane>();

  /**
   * Begins on a connection that has no channels yet. The default channel is agreed on in advance (id 0), so
   * that the first offer has its m-line and nothing is negotiated later (RFC 8832 §4 has no say).
   */
  attach(connection: RTCPeerConnection): void {
    this.#connection = connection;
    connection.addEventListener('datachannel', ({ channel }) => {
      if (connection === this.#connection) this.#receive(channel);
    });
    this.#lane({ ordered: true });
    for (const lane of this.#lanes.values()) this.#open(lane);
  }

  /** Bytes that wait, in all channels but the one for bulk. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const lane of this.#lanes.values()) if (!lane.delivery.bulk) bytes += waitingBytes(lane);
    return bytes;
  }

  /** More may be sent in bulk; if not, `drained` says when. */
  get hasRoom(): boolean {
    const lane = this.#lanes.get('bulk');
    return !lane || waitingBytes(lane) < BULK_BYTES;
  }

  send(frame: Uint8Array<ArrayBuffer>, delivery: Delivery): void {
    const lane = this.#lane(delivery);
    if (!lane.channel && this.#connection) this.#open(lane);
    if (lane.channel?.readyState === 'open') lane.channel.send(frame);
    // A channel that has closed had a peer that is gone: nobody waits for this.
    else if (!lane.channel || lane.channel.readyState === 'connecting') lane.waiting.push(frame);
  }

  /** Makes the other end's SCTP answer (RFC 9260 §6.2), whatever the application there does. */
  provoke(): void {
    const lane = this.#lane({ ordered: false, maxRetransmits: 0 });
    if (!lane.channel) this.#open(lane);
    // One that still waits will do.
    else if (lane.channel.readyState === 'open' && lane.channel.bufferedAmount === 0) {
      lane.channel.send(PROVOCATION);
    }
  }

  #lane(delivery: Delivery): Lane {
    const { ordered, maxRetransmits, bulk } = delivery;
    const plain = ordered && maxRetransmits === undefined;
    const key = bulk ? 'bulk' : plain ? 'default' : `${ordered} ${maxRetransmits ?? 'all'}`;
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = { channel: undefined, delivery, waiting: [] };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #open(lane: Lane): void {
    if (!this.#connection) return;
    const { ordered, maxRetransmits, bulk } = lane.delivery;
    const isDefault = ordered && maxRetransmits === undefined && !bulk;
    const channel = this.#connection.createDataChannel('kaigi', {
      ordered,
      ...(maxRetransmits === undefined ? {} : { maxRetransmits }),
      ...(isDefault ? { negotiated: true, id: 0 } : {}),
    });
    lane.channel = channel;
    this.#receive(channel);
    channel.addEventListener('open', () => {
      for (const frame of lane.waiting.splice(0)) channel.send(frame);
    });
    if (bulk) {
      channel.bufferedAmountLowThreshold = BULK_LOW_BYTES;
      channel.addEventListener('bufferedamountlow', () => this.emit('drained', undefined));
    }
    if (isDefault) {
      channel.addEventListener('close', () => {
        if (lane.channel === channel) this.emit('closed', undefined);
      });
    }
  }

  #receive(channel: RTCDataChannel): void {
    channel.binaryType = 'arraybuffer';
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const frame = decodeFrame(data);
      if (frame) this.emit('message', frame);
    });
  }
}

function waitingBytes({ channel, waiting }: Lane): number {
  const sent = channel?.readyState === 'open' ? channel.bufferedAmount : 0;
  return waiting.reduce((sum, frame) => sum + frame.length, sent);
}
