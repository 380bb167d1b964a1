import type { Room } from '@kaigi/client';
import { useCallback, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { explain } from '../core/errors';
import { dismissToast, showToast } from '../core/toasts';
import { useOwnHand } from '../core/useSdk';

/** Raised within this after the one before are told together. */
const togetherMilliseconds = 5000;

/** One's own hand, and raising and lowering it. */
export function useHand(room: Room): { raised: boolean; toggle: () => void } {
  const { t } = useTranslation();
  const raised = useOwnHand(room) !== undefined;
  const toggle = useCallback(() => {
    room
      .raiseHand(room.hand === undefined)
      .catch((error: unknown) => showToast({ tone: 'error', ...explain(error, 'chat', t) }));
  }, [room, t]);
  return { raised, toggle };
}

/** Says who has raised a hand: many at once in one notice. */
export function useHandNotices(room: Room): void {
  const { t } = useTranslation();
  useEffect(() => {
    let up = handsOf(room);
    let told: { names: string[]; at: number; toast: number } | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let waiting: string[] = [];
    const tell = () => {
      timer = undefined;
      const now = Date.now();
      const goesOn = told && now - told.at < togetherMilliseconds ? told : undefined;
      const names = [...(goesOn?.names ?? []), ...waiting];
      waiting = [];
      if (goesOn) dismissToast(goesOn.toast);
      const name = names[0] ?? '';
      const title =
        names.length === 1
          ? t('hand.raised', { name })
          : t('hand.raisedMore', { name, count: names.length - 1 });
      told = { names, at: now, toast: showToast({ tone: 'info', title }) };
    };
    const stops = [
      room.on('participants', (participants) => {
        const before = up;
        up = handsOf(room);
        for (const { id, name } of participants) if (up.has(id) && !before.has(id)) waiting.push(name);
        // The first at once, more of them at most once a second.
        if (waiting.length > 0 && timer === undefined)
          timer = setTimeout(tell, told && Date.now() - told.at < togetherMilliseconds ? 1000 : 0);
      }),
      // Hands that are up where one comes to are no news.
      room.on('moved', () => queueMicrotask(() => ((up = handsOf(room)), (waiting = [])))),
      () => clearTimeout(timer),
    ];
    return () => stops.forEach((stop) => stop());
  }, [room, t]);
}

const handsOf = (room: Room) =>
  new Set(room.participants.filter(({ hand }) => hand !== undefined).map(({ id }) => id));
