import type { EmbedAnswer, EmbedEvents, EmbedFailure } from '@kaigi/client/embed';
import type { EmbeddedRoom } from '../core/embedding';
import type { Store } from '../core/store';
import { failureOf, run, type Layouts } from './commands';
import { readMessage, type CommandId } from './envelope';
import { createRate } from './rate';
import { tellMedia, tellRoom, type Tell } from './tell';

/** Commands at once, a second, and under way: a page that goes wild must not take the meeting with it. */
const burst = 30;
const perSecond = 10;
const mostPending = 50;

export interface BridgeOptions {
  /** The room that the address names. */
  roomName: string;
  rooms: Pick<Store<EmbeddedRoom | undefined>, 'get' | 'subscribe'>;
  layouts: Layouts;
  /** Posts to the page around us. */
  post: (type: string, data: unknown, id?: CommandId) => void;
  now: () => number;
}

export interface Bridge {
  /** A message of the page around us, whose origin has been looked at. */
  handle(message: unknown): void;
  /** Tells all that is so, to a page that has not been told. */
  begin(): void;
}

/** Between the meeting and the page around it: commands in, events out. */
export function createBridge({ roomName, rooms, layouts, post, now }: BridgeOptions): Bridge {
  const rate = createRate(burst, perSecond);
  let pending = 0;
  let before: EmbeddedRoom | undefined;
  let stopRoom: (() => void) | undefined;
  let stopMedia: (() => void) | undefined;
  let stopFollowing: (() => void) | undefined;
  const tell: Tell = (type, data) => post(type, data);

  const answer = (id: CommandId, result: EmbedAnswer) => {
    if (id !== undefined) post('answer', result, id);
    else if (!result.ok) tell('error', result.error);
  };
  const refuse = (id: CommandId, error: EmbedFailure) => answer(id, { ok: false, error });

  /** The meeting is another one, or one is farther on the way to it. */
  const follow = () => {
    const room = rooms.get();
    const last = before;
    before = room;
    if (room?.media !== last?.media) {
      stopMedia?.();
      stopMedia = room?.media && tellMedia(room.media, tell);
    }
    if (room?.room !== last?.room) {
      stopRoom?.();
      stopRoom = undefined;
      if (last?.room) tell('left', { reason: reasonOf(room?.phase) });
      if (room?.room && room.media) stopRoom = tellRoom(room.room, room.media, tell);
    }
    if (room?.error !== undefined && room.error !== last?.error) tell('error', failureOf(room.error));
  };

  return {
    handle(message) {
      const reading = readMessage(message);
      if (reading.kind === 'foreign') return;
      const { id } = reading;
      if (!rate(now()) || pending >= mostPending) {
        const words = `Too many commands: at most ${perSecond} a second, and ${mostPending} under way; wait a moment.`;
        return refuse(id, { code: 'rate-limited', message: words });
      }
      if (reading.kind === 'bad') return refuse(id, reading.error);
      pending += 1;
      run(reading.command, rooms.get(), layouts)
        .then(
          (result) => answer(id, result === undefined ? { ok: true } : { ok: true, result }),
          (error: unknown) => {
            const failure = failureOf(error);
            if (failure.code === 'failed') console.error('kaigi: a command failed', error);
            refuse(id, failure);
          },
        )
        .finally(() => (pending -= 1));
    },
    begin() {
      for (const stop of [stopFollowing, stopRoom, stopMedia]) stop?.();
      before = stopRoom = stopMedia = undefined;
      tell('ready', { room: roomName });
      stopFollowing = rooms.subscribe(follow);
      follow();
    },
  };
}

function reasonOf(phase: string | undefined): EmbedEvents['left']['reason'] {
  if (phase === 'replaced' || phase === 'removed' || phase === 'ended') return phase;
  return phase === 'left' || phase === undefined ? 'left' : 'refused';
}
