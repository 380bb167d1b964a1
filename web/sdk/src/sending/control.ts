import type { StatsDetail } from '../diagnostics/types';
import { Emitter } from '../emitter';
import type { LocalMedia } from '../types';
import { floorOf, limitsOf } from './limits';
import type { PictureLimits } from './limits';
import { limitOf, nextSendState, UNLIMITED } from './policy';
import type { SendLimit } from './types';

export interface SendControlEvents {
  /** What pictures are held to from now on. */
  limits: PictureLimits;
  /** Less than chosen is sent, for this reason; undefined: no more. */
  limited: SendLimit | undefined;
}

/** Joins one's own choice with what device and line can do. */
export class SendControl extends Emitter<SendControlEvents> {
  readonly #media: Pick<LocalMedia, 'quality' | 'tracks'>;
  #state = UNLIMITED;

  constructor(media: Pick<LocalMedia, 'quality' | 'tracks'>) {
    super();
    this.#media = media;
  }

  get limits(): PictureLimits {
    const { quality, tracks } = this.#media;
    const { step, reason } = this.#state;
    return limitsOf(quality, reason ? step : 0, reason === 'bandwidth', tracks);
  }

  get limited(): SendLimit | undefined {
    return limitOf(this.#state);
  }

  /** The choice, or what is sent, has changed. */
  handleMedia(): void {
    this.emit('limits', this.limits);
  }

  /** Another second is over. `now`: a clock that only goes forward, in milliseconds. */
  handleDetail({ connections }: StatsDetail, now: number): void {
    const sent = connections.flatMap((connection) => connection.sent);
    const estimates = connections.flatMap(({ availableSendBitrate: available }) => available ?? []);
    const before = this.limited;
    this.#state = nextSendState(this.#state, {
      at: now,
      sending: this.#media.tracks.camera !== undefined && connections.length > 0,
      cpuBound: sent.some(
        ({ source, limitedBy, bitrate }) => source === 'camera' && limitedBy === 'cpu' && bitrate > 0,
      ),
      // While media moves from one way to the other, the better one counts: the other has only begun or is ending.
      available: estimates.length > 0 ? Math.max(...estimates) : undefined,
      loss: connections.length > 0 ? Math.min(...connections.map(({ sendLoss }) => sendLoss)) : 0,
      floor: floorOf(this.#media.quality),
    });
    const { limited } = this;
    if (before?.step === limited?.step && before?.reason === limited?.reason) return;
    this.emit('limits', this.limits);
    this.emit('limited', limited);
  }
}
