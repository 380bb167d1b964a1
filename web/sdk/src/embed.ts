/** `@kaigi/client/embed`: a whole meeting in an `<iframe>` of one's own page. `docs/embedding.md` shows how. */

import { EMBED_VERSION } from './embed/messages';
import type {
  EmbedAnswer,
  EmbedCommands,
  EmbedEvents,
  EmbedLayout,
  EmbedState,
  Envelope,
} from './embed/messages';

export { EMBED_VERSION } from './embed/messages';
export type * from './embed/messages';

/** Which meeting, and how it is entered. */
export interface EmbedOptions {
  /** Where the Kaigi server is, e.g. `https://meet.example.org`; relative to the page. */
  server: string;
  room: string;
  /** Display name; asked for where it is missing and `join` is not set. */
  name?: string;
  /** Go straight in, without the page on which name and devices are chosen. */
  join?: boolean;
  /** Start with the microphone on or off; as it was last time where it is not said. */
  mic?: boolean;
  camera?: boolean;
  lang?: 'en' | 'zh-CN';
  /** The frame's title, for screen readers. */
  title?: string;
}

/** A refusal by the meeting, or of the way to it: `not-ready`, `reloaded`, `disposed`, or a code of the meeting's. */
export class EmbedError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'EmbedError';
    this.code = code;
  }
}

/** A meeting in a frame. Commands wait until the meeting's page is there, and reject with an `EmbedError`. */
export interface EmbeddedMeeting {
  readonly frame: HTMLIFrameElement;
  on<K extends keyof EmbedEvents>(event: K, listener: (argument: EmbedEvents[K]) => void): () => void;
  leave(): Promise<void>;
  setMic(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  /** Browsers want a click for this; not all take one outside of the frame (`permission-denied`). */
  toggleScreen(on?: boolean): Promise<void>;
  setLayout(layout: EmbedLayout): Promise<void>;
  sendChat(text: string): Promise<void>;
  raiseHand(raised: boolean): Promise<void>;
  getState(): Promise<EmbedState>;
  /** Takes the frame away, and with it leaves the meeting. */
  dispose(): void;
}

const FEATURES =
  'camera; microphone; display-capture; autoplay; fullscreen; clipboard-write; screen-wake-lock; speaker-selection';
const READY_MS = 20_000;

interface Pending {
  post: () => void;
  resolve: (result: never) => void;
  reject: (error: EmbedError) => void;
}

/** Puts a meeting into an element, which it fills. */
export function embedMeeting(element: HTMLElement, options: EmbedOptions): EmbeddedMeeting {
  const url = addressOf(options);
  const { origin } = url;
  const frame = document.createElement('iframe');
  frame.allow = FEATURES;
  // The frame is told by whom it is shown even where the page tells nobody else.
  frame.referrerPolicy = 'origin';
  frame.title = options.title ?? options.room;
  frame.style.cssText = 'border:0;width:100%;height:100%';
  frame.src = url.href;

  const listeners = new Map<string, Set<(argument: never) => void>>();
  const pending = new Map<number, Pending>();
  let ready = false;
  let failure: EmbedError | undefined;
  let last = 0;

  const fail = (code: string, message: string) => {
    const error = new EmbedError(code, message);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
    return error;
  };
  const timer = setTimeout(() => {
    const words = `The meeting at ${origin} does not answer. Is the server up, and may ${location.origin} embed it (--allow-origin)?`;
    failure = fail('not-ready', words);
  }, READY_MS);

  const receive = ({ source, origin: from, data }: MessageEvent<Envelope | null>) => {
    if (source !== frame.contentWindow || from !== origin || data?.kaigi !== EMBED_VERSION) return;
    if (data.type === 'answer') {
      const asked = pending.get(Number(data.id));
      pending.delete(Number(data.id));
      const answer = data.data as EmbedAnswer;
      if (answer.ok) asked?.resolve(answer.result as never);
      else asked?.reject(new EmbedError(answer.error.code, answer.error.message));
      return;
    }
    if (data.type === 'ready') {
      clearTimeout(timer);
      failure = undefined;
      if (ready) fail('reloaded', 'The meeting was reloaded before it had answered.');
      ready = true;
      for (const { post } of pending.values()) post();
    }
    for (const listener of [...(listeners.get(data.type) ?? [])]) listener(data.data as never);
  };

  const command = <K extends keyof EmbedCommands>(type: K, data?: EmbedCommands[K]) =>
    new Promise<never>((resolve, reject) => {
      if (failure) return reject(failure);
      const id = ++last;
      const post = () => deliver(frame, { kaigi: EMBED_VERSION, type, id, data }, origin);
      pending.set(id, { post, resolve, reject });
      if (ready) post();
    });

  addEventListener('message', receive);
  element.append(frame);

  return {
    frame,
    on(event, listener) {
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(listener));
      return () => void all.delete(listener);
    },
    leave: () => command('leave'),
    setMic: (on) => command('set-mic', { on }),
    setCamera: (on) => command('set-camera', { on }),
    toggleScreen: (on) => command('toggle-screen', on === undefined ? {} : { on }),
    setLayout: (layout) => command('set-layout', { layout }),
    sendChat: (text) => command('send-chat', { text }),
    raiseHand: (raised) => command('raise-hand', { raised }),
    getState: () => command('get-state'),
    dispose() {
      clearTimeout(timer);
      removeEventListener('message', receive);
      failure = fail('disposed', 'The meeting was taken away.');
      listeners.clear();
      frame.remove();
    },
  };
}

function addressOf({ server, room, name, join, mic, camera, lang }: EmbedOptions): URL {
  const url = new URL(`/r/${encodeURIComponent(room)}?embed=1`, new URL(server, location.href));
  const flag = (on: boolean | undefined) => on === undefined ? undefined : on ? '1' : '0';
  const query = { name, join: flag(join), mic: flag(mic), cam: flag(camera), lang };
  for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value);
  return url;
}

/** Hands a click on to the frame, which then may ask for a screen: HTML "capability delegation". */
function deliver(frame: HTMLIFrameElement, message: Envelope, targetOrigin: string): void {
  if (message.type === 'toggle-screen' && navigator.userActivation?.isActive) {
    try {
      const options: WindowPostMessageOptions & { delegate: string } = {
        targetOrigin,
        delegate: 'display-capture',
      };
      frame.contentWindow?.postMessage(message, options);
      return;
    } catch {
      // This browser delegates no such thing.
    }
  }
  frame.contentWindow?.postMessage(message, targetOrigin);
}
