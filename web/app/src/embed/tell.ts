import type { LocalMedia, Room } from '@kaigi/client';
import type { EmbedEvents } from '@kaigi/client/embed';
import { messagesOf, participantsOf, speakersOf } from './reports';

export type Tell = <K extends keyof EmbedEvents>(type: K, data: EmbedEvents[K]) => void;

/** Tells what one's own devices do, now and from now on. Returns how to stop. */
export function tellMedia(media: LocalMedia, tell: Tell): () => void {
  const changed = onChange(tell);
  const look = () => {
    for (const device of ['mic', 'camera', 'screen'] as const) changed(device, { on: media.state[device] });
  };
  look();
  return media.on('change', look);
}

/** Tells what goes on in a meeting, from the moment of entering it. Returns how to stop. */
export function tellRoom(room: Room, media: LocalMedia, tell: Tell): () => void {
  const changed = onChange(tell);
  let ownVoice = false;
  const look = () => {
    const participants = participantsOf(room, media);
    changed('participants', { count: participants.length, participants });
    changed('hand', { raised: room.hand !== undefined });
    changed('speaking', { ids: speakersOf(room, ownVoice) });
  };
  tell('joined', { room: room.name, id: room.id, name: room.displayName });
  look();
  const stop = [
    room.on('participants', look),
    room.on('host', look),
    room.on('hand', look),
    media.on('change', look),
    room.on('local-speaking', (speaks) => {
      ownVoice = speaks;
      look();
    }),
    room.on('chat', (lines) => {
      const messages = messagesOf(lines, room.id);
      if (messages.length > 0) tell('chat', { messages });
    }),
  ];
  return () => stop.forEach((end) => end());
}

/** Lets through what is not as it was; the SDK says more often that something changed than what a page gets to see does. */
function onChange(tell: Tell): Tell {
  const told = new Map<string, string>();
  return (type, data) => {
    const text = JSON.stringify(data);
    if (told.get(type) === text) return;
    told.set(type, text);
    tell(type, data);
  };
}
