import { Emitter } from './emitter';

export interface PageEvents {
  /** The network came back or is another one now. */
  network: undefined;
  /** The user looks at the page again. */
  visible: undefined;
  /** The page is being closed, reloaded or put aside. */
  hide: undefined;
  /** The page was put aside whole and is back: its connections are not. */
  restored: undefined;
}

/** `type` tells Wi-Fi from mobile where the browser knows; the other members change all the time. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/** What happens to the page around a meeting. */
export class Page extends Emitter<PageEvents> {
  readonly #stop: (() => void)[] = [];

  constructor() {
    super();
    if (typeof window === 'undefined') return;
    this.#listen(window, 'online', () => this.emit('network', undefined));
    // Capturing, to come before engine.io-client, which ends its requests at this event.
    this.#listen(window, 'pagehide', () => this.emit('hide', undefined), true);
    this.#listen(window, 'pageshow', (event) => {
      if ((event as PageTransitionEvent).persisted) this.emit('restored', undefined);
    });
    this.#listen(document, 'visibilitychange', () => {
      if (document.visibilityState === 'visible') this.emit('visible', undefined);
    });
    const network = (navigator as Navigator & { connection?: NetworkInformation }).connection;
    if (!network?.addEventListener) return;
    let type = network.type;
    this.#listen(network, 'change', () => {
      if (network.type === type) return;
      type = network.type;
      if (type !== 'none') this.emit('network', undefined);
    });
  }

  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
    this.clear();
  }

  #listen(target: EventTarget, event: string, listener: (event: Event) => void, capture = false): void {
    target.addEventListener(event, listener, capture);
    this.#stop.push(() => target.removeEventListener(event, listener, capture));
  }
}
