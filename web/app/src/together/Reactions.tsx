import type { Reaction, Room } from '@kaigi/client';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cameraKey, ownCamera } from '../meeting/tiles';
import { floated, mostFloating, signs, type Floating } from './reactions';

/** How long a sign is seen; the animation takes as long. */
const seenMilliseconds = 4000;
/** How often those who listen are told. */
const saidMilliseconds = 4000;
let lastKey = 0;

/** Signs that rise from the tile of whoever shows them, or from the bottom when that is not on the stage. */
export function Reactions({ room }: { room: Room }) {
  const [shown, setShown] = useState<readonly Floating[]>([]);
  useEffect(() => {
    let all: readonly Floating[] = [];
    const show = (next: readonly Floating[]) => setShown((all = next));
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const stop = room.on('reaction', ({ from, reaction }) => {
      const key = ++lastKey;
      const own = from === room.id;
      // Where it sets out is asked of the page only if it is shown: that is not for free.
      if (all.length >= mostFloating && !own) return;
      show(floated(all, placed(room, key, from, reaction)));
      const timer = setTimeout(() => {
        timers.delete(timer);
        show(all.filter((one) => one.key !== key));
      }, seenMilliseconds);
      timers.add(timer);
    });
    return () => {
      stop();
      timers.forEach(clearTimeout);
    };
  }, [room]);
  return (
    <>
      <div className="reactions" aria-hidden="true">
        {shown.map(({ key, reaction, name, left, top }) => (
          <div key={key} className="reaction-float" data-from={name} style={{ left, top }}>
            <span className="reaction-sign">{signs[reaction]}</span>
            {name !== undefined && <span className="reaction-name">{name}</span>}
          </div>
        ))}
      </div>
      <Said room={room} />
    </>
  );
}

function placed(room: Room, key: number, from: string, reaction: Reaction): Floating {
  const own = from === room.id;
  const name = own ? room.displayName : (room.participants.find(({ id }) => id === from)?.name ?? '');
  const tile = document.querySelector(`[data-tile="${CSS.escape(own ? ownCamera : cameraKey(from))}"]`);
  const box = tile?.getBoundingClientRect();
  if (box && box.width > 0) {
    // Several from one tile do not cover each other.
    const left = box.left + box.width * (0.3 + 0.4 * Math.random());
    return { key, from, reaction, name: undefined, left, top: box.bottom - Math.min(60, box.height / 3) };
  }
  const stage = document.querySelector('.stage')?.getBoundingClientRect();
  const left = (stage?.left ?? 0) + 40 + Math.random() * Math.min(280, (stage?.width ?? 320) - 80);
  return { key, from, reaction, name, left, top: (stage?.bottom ?? innerHeight) - 40 };
}

/** For those who listen: who shows what, or how many do. */
function Said({ room }: { room: Room }) {
  const { t } = useTranslation();
  const [words, setWords] = useState('');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let waiting: { from: string; reaction: Reaction }[] = [];
    const say = () => {
      timer = undefined;
      const [one] = waiting;
      const count = waiting.length;
      waiting = [];
      if (!one) return setWords('');
      timer = setTimeout(say, saidMilliseconds);
      const name = room.participants.find(({ id }) => id === one.from)?.name ?? room.displayName;
      const reaction = t(`reaction.name.${one.reaction}`);
      setWords(count === 1 ? t('reaction.said', { name, reaction }) : t('reaction.saidMore', { count }));
    };
    const stop = room.on('reaction', (one) => {
      // One knows what one shows oneself.
      if (one.from === room.id) return;
      waiting.push(one);
      timer ??= setTimeout(say, 300);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [room, t]);
  return (
    <p className="visually-hidden" role="status">
      {words}
    </p>
  );
}
