import { EMBED_VERSION } from '@kaigi/client/embed';
import { embeddedRoom } from '../core/embedding';
import { currentChoices, setChoices } from '../core/preferences';
import { parseRoute } from '../core/route';
import { createBridge } from './bridge';
import { parentOrigin, senderOf } from './origin';

/** Listens to the page around us, and speaks to it. */
export function start(): void {
  const ancestorOrigins = location.ancestorOrigins ? [...location.ancestorOrigins] : undefined;
  let to = parentOrigin({ ancestorOrigins, referrer: document.referrer });
  const route = parseRoute(location.pathname);
  const bridge = createBridge({
    roomName: route.page === 'room' ? route.room : '',
    rooms: embeddedRoom,
    layouts: {
      get: () => currentChoices().layout ?? 'grid',
      set: (layout) => setChoices({ layout }),
    },
    // Never to '*': a page that has taken the other's place learns nothing.
    post: (type, data, id) => {
      if (to !== undefined) parent.postMessage({ kaigi: EMBED_VERSION, type, id, data }, to);
    },
    now: () => performance.now(),
  });
  let begun = to !== undefined;
  addEventListener('message', (message) => {
    const from = senderOf(message, { window: parent, ancestorOrigins });
    if (from === undefined) return;
    // A browser that had not told us: now it has.
    const known = to === from;
    to = from;
    if (!begun || !known) {
      begun = true;
      bridge.begin();
    }
    bridge.handle(message.data);
  });
  if (begun) bridge.begin();
}
