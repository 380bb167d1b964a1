import type { RemoteParticipant, Room } from '@kaigi/client';
import { useCallback, useEffect, useId, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { formatLoss } from '../core/format';
import { createStore, type Store } from '../core/store';
import { follow, noSigns, tileQuality, type Quality, type Signs } from './quality';
import type { TileContent } from './tiles';

/** The figures of the last seconds, for the marks of all tiles: the stage itself is not drawn anew for them. */
export function useSigns(room: Room): Pick<Store<Signs>, 'get' | 'subscribe'> {
  const [signs] = useState(() => createStore(noSigns));
  useEffect(
    () =>
      room.on('stats', (stats) => {
        const senders: readonly RemoteParticipant[] = room.participants;
        signs.set((before) => follow(before, stats, senders));
      }),
    [room, signs],
  );
  return signs;
}

/** Three bars, and why they are not all lit: said to those who ask. */
export function QualityMark({
  tile,
  signs,
}: {
  tile: TileContent;
  signs: Pick<Store<Signs>, 'get' | 'subscribe'>;
}) {
  const { t, i18n } = useTranslation();
  const [asked, setAsked] = useState(false);
  const id = useId();
  // As text, because a snapshot has to be the same while it says the same.
  const read = useCallback(() => {
    const quality = tileQuality(tile, signs.get());
    return quality ? JSON.stringify({ ...quality, figure: Number(quality.figure.toPrecision(2)) }) : '';
  }, [tile, signs]);
  const text = useSyncExternalStore(signs.subscribe, read);
  if (text === '') return null;
  const { bars, reason, figure } = JSON.parse(text) as Quality;
  const words = t(`quality.${reason}`, {
    name: tile.name,
    loss: formatLoss(figure, i18n.language),
    number: Math.round(figure),
  });
  if (bars === 3) {
    return (
      <span className="tile-quality" data-bars={bars} role="img" aria-label={words} title={words}>
        <Bars />
      </span>
    );
  }
  return (
    <>
      <button
        type="button"
        className="tile-quality"
        data-bars={bars}
        aria-label={t('quality.why')}
        aria-describedby={id}
        aria-expanded={asked}
        title={words}
        onClick={() => setAsked((before) => !before)}
        onDoubleClick={(event) => event.stopPropagation()}
        onKeyDown={(event) => event.key === 'Escape' && setAsked(false)}
      >
        <Bars />
      </button>
      <span id={id} className={asked ? 'tile-why' : 'visually-hidden'}>
        {words}
      </span>
    </>
  );
}

function Bars() {
  return (
    <>
      <i />
      <i />
      <i />
    </>
  );
}
