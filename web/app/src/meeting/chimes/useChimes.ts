import type { Room } from '@kaigi/client';
import { useEffect, useState } from 'react';
import { onComings } from '../../core/comings';
import { currentChoices } from '../../core/preferences';
import { ChimePace, type Chime } from './chimes';

/** A soft sound when somebody comes or goes. */
export function useChimes(room: Room): void {
  const [pace] = useState(() => new ChimePace());
  useEffect(() => {
    const sound = (chime: Chime) => {
      const { chimes = true, speaker } = currentChoices();
      if (!chimes || !pace.take(room.participants.length + 1, performance.now())) return;
      // Without its code, as when the server is away, it stays quiet.
      import('./player').then(({ default: play }) => play(chime, speaker)).catch(() => undefined);
    };
    return onComings(room, { came: () => sound('join'), went: () => sound('leave') });
  }, [room, pace]);
}
