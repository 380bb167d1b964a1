import type { Room } from '@kaigi/client';
import { useSnapshot } from './store';

const onVotes = (room: Room, notify: () => void) => room.on('votes', notify);
const readVotes = (room: Room): ReadonlyMap<number, readonly number[]> => room.polls.votes;
/** How one has voted, by the poll's number in the chat. */
export const useVotes = (room: Room) => useSnapshot(room, onVotes, readVotes);

/** A wrapper, because a snapshot is an object or it is none. */
interface OwnHand {
  raisedAt: number | undefined;
}
const onHand = (room: Room, notify: () => void) => room.on('hand', notify);
const readHand = (room: Room): OwnHand => ({ raisedAt: room.hand });
/** Since when one's own hand is up. */
export const useOwnHand = (room: Room) => useSnapshot(room, onHand, readHand).raisedAt;
