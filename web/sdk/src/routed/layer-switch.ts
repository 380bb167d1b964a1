import { activeLayers, limitEncodings } from '../sending/encodings';
import type { EncodingLimits } from '../sending/encodings';
import { ParameterQueue } from '../sending/parameter-queue';

interface Wish {
  /** Whether anybody watches a layer, lowest first; undefined: the server has not said. */
  watched: readonly boolean[] | undefined;
  limits: readonly EncodingLimits[] | undefined;
}

/** Pauses and resumes simulcast layers: what nobody watches, and what one's own limits do not allow. */
export class LayerSwitch {
  readonly #queue = new ParameterQueue();
  readonly #wishes = new Map<RTCRtpSender, Wish>();

  /** `active` has one for each of the sender's layers, lowest first. */
  set(sender: RTCRtpSender, active: readonly boolean[]): void {
    this.#change(sender, { watched: active });
  }

  limit(sender: RTCRtpSender, limits: readonly EncodingLimits[]): void {
    this.#change(sender, { limits });
  }

  /** The senders are gone. */
  clear(): void {
    this.#queue.clear();
    this.#wishes.clear();
  }

  #change(sender: RTCRtpSender, change: Partial<Wish>): void {
    const wish: Wish = { watched: undefined, limits: undefined, ...this.#wishes.get(sender), ...change };
    this.#wishes.set(sender, wish);
    this.#queue.set(sender, 'layers', ({ encodings }) => {
      const changed = wish.limits ? limitEncodings(encodings, wish.limits) : false;
      return activate(encodings, wish) || changed;
    });
  }
}

function activate(encodings: RTCRtpEncodingParameters[], { watched, limits }: Wish): boolean {
  const allowed = encodings.map((_, layer) => limits?.[layer]?.allowed ?? true);
  const active = watched ? activeLayers(watched, allowed) : allowed;
  let changed = false;
  encodings.forEach((encoding, layer) => {
    const wanted = active[layer] ?? false;
    // Until the server has said something, what the browser has stays as it is.
    if ((watched ? encoding.active : (encoding.active ?? true)) === wanted) return;
    encoding.active = wanted;
    changed = true;
  });
  return changed;
}
