import type { Breakouts, RemoteParticipant, Room } from '@kaigi/client';

/** Everybody whom the breakout rooms are known to hold, the main room among them. */
function isInside({ main, rooms }: Breakouts, id: string): boolean {
  return [main, ...rooms.map(({ people }) => people)].some((people) => people.some((one) => one.id === id));
}

/**
 * Tells who comes into the meeting and who leaves it. Whoever only changes the breakout room does neither, and nor do
 * those whom one finds there or leaves behind by going oneself.
 */
export function onComings(
  room: Pick<Room, 'on' | 'breakouts'>,
  { came, went }: { came: (who: RemoteParticipant) => void; went: (who: RemoteParticipant) => void },
): () => void {
  const stop = [
    room.on('participant-joined', (who) => {
      // The list is told after the move: the one known now has the mover where it was before.
      if (!isInside(room.breakouts, who.id)) came(who);
    }),
    room.on('participant-left', ({ participant, reason }) => {
      if (reason !== 'moved') went(participant);
    }),
  ];
  return () => stop.forEach((end) => end());
}
