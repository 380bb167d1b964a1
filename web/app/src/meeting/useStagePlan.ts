import type { RemoteParticipant } from '@kaigi/client';
import { useEffect, useState } from 'react';
import { createStore, useStore } from '../core/store';
import { listen, nextLook, silence, type Floor } from './floor';
import type { Stage } from './layout';
import { makeRoom, planStage, type Layout, type Plan } from './plan';
import { bringIn, bringToFront, reseat, sameSeats, type Seats } from './seats';
import { cameraKey, type TileContent } from './tiles';

/** Who is seen, and where in the order. Seats are remembered, all else follows from what is there now. */
export function useStagePlan(
  stage: Stage,
  tiles: readonly TileContent[],
  participants: readonly RemoteParticipant[],
  {
    pinned,
    full,
    layout,
    page,
  }: { pinned: string | undefined; full: string | undefined; layout: Layout; page: number },
): Plan & { speaker: string | undefined } {
  const floor = useFloor(participants);
  const [seats, setSeats] = useState<Seats>([]);
  const cameras = participants.map(({ id }) => cameraKey(id));
  const cast = {
    screens: tiles.filter(({ kind, own }) => kind === 'screen' && !own).map(({ key }) => key),
    own: tiles.filter(({ own }) => own).map(({ key }) => key),
    others: cameras.length,
    pinned: tiles.some(({ key }) => key === pinned) ? pinned : undefined,
    layout,
  };
  const room = makeRoom(stage, cast);
  let next = reseat(seats, cameras, room.perPage);
  const speaker = floor.speaker === undefined ? undefined : cameraKey(floor.speaker);
  if (speaker !== undefined && room.firstSeat) next = bringToFront(next, speaker);
  else if (speaker !== undefined && !planStage(cast, room, next, page).shown.includes(speaker)) {
    const held = new Set([pinned, full].filter((key) => key !== undefined));
    next = bringIn(next, speaker, room.perPage, floor.recent.map(cameraKey), held);
  }
  if (!sameSeats(seats, next)) setSeats(next);
  return { ...planStage(cast, room, next, page), speaker };
}

function useFloor(participants: readonly RemoteParticipant[]): Floor {
  const [floor] = useState(() => createStore(silence));
  const talking = participants
    .filter(({ speaking, media }) => speaking && media.mic)
    .map(({ id }) => id)
    .join(' ');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      const now = performance.now();
      floor.set(listen(floor.get(), talking === '' ? [] : talking.split(' '), now));
      const at = nextLook(floor.get());
      if (at !== undefined) timer = setTimeout(look, Math.max(1, at - now));
    };
    look();
    return () => clearTimeout(timer);
  }, [floor, talking]);
  return useStore(floor);
}
