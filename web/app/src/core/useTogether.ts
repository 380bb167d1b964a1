import type { Room } from '@kaigi/client';
import { useSnapshot } from './store';

const onVotes = (room: Room, notify: () => void) => room.on('votes', notify);
const readVotes = (room: Room): ReadonlyMap<number, readonly number[]> => room.polls.votes;
/** How one has voted, by the poll's number in the chat. */
export const useVotes = (room: Room) => useSnapshot(room, onVotes, readVotes);
