import type { Room } from '@kaigi/client';
import type { Scene } from './grammar';

/** What commands can speak of now. In a breakout room, hosts reach those in the others too. */
export function sceneOf(room: Room): Scene {
  const { breakouts, participants } = room;
  const here = participants.map(({ id, name, host, hand }) => ({ id, name, host, hand: hand !== undefined }));
  const known = new Set([room.id, ...here.map(({ id }) => id)]);
  const elsewhere = [breakouts.main, ...breakouts.rooms.map(({ people }) => people)]
    .flat()
    .filter(({ id }) => !known.has(id))
    .map(({ id, name }) => ({ id, name, host: false, hand: false }));
  return {
    host: room.host,
    people: [...here, ...elsewhere],
    waiting: room.hosting.waiting,
    breakouts: breakouts.rooms.map(({ title }) => title),
    away: breakouts.own !== undefined,
  };
}
