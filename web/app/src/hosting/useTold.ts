import type { Permissions, Room, TrackSource } from '@kaigi/client';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ownTitle } from '../breakouts/plan';
import { allowances, type Allowance } from '../chat/commands/grammar';
import { showToast } from '../core/toasts';

/** What has been allowed or forbidden between two moments. */
export function permissionChanges(
  before: Permissions,
  now: Permissions,
): { what: Allowance; allowed: boolean }[] {
  return allowances
    .filter((what) => before[what] !== now[what])
    .map((what) => ({ what, allowed: now[what] }));
}

/** Says once, in words, what hosts have done to oneself. */
export function useTold(room: Room): void {
  const { t } = useTranslation('hosting');
  useEffect(() => {
    let permissions = room.permissions;
    let host = room.host;
    const tell = (title: string, text?: string) =>
      showToast({ tone: 'info', title, ...(text === undefined ? {} : { text }) });
    const muted = (source: TrackSource, name: string) => {
      if (source === 'mic') return t('told.mutedMic', { name });
      return source === 'camera' ? t('told.mutedCamera', { name }) : t('told.mutedScreen', { name });
    };
    const stop = [
      room.on('muted', ({ source, by }) => {
        const name =
          room.participants.find(({ id }) => id === by)?.name ??
          t(by === undefined ? 'told.theApplication' : 'told.aHost');
        const kind = source === 'screenAudio' ? 'screen' : source;
        tell(muted(kind, name), room.permissions[kind] ? t('told.mayAgain') : undefined);
      }),
      room.on('host', (now) => {
        permissions = room.permissions;
        if (now === host) return;
        host = now;
        if (now) tell(t('told.host'), t('told.hostText'));
        else tell(t('told.noHost'));
      }),
      room.on('settings', () => {
        const before = permissions;
        permissions = room.permissions;
        for (const { what, allowed } of permissionChanges(before, permissions)) {
          tell(allowed ? t(`told.on.${what}`) : t(`told.off.${what}`));
        }
      }),
      // Where one has come to stands in the banner; of the main room nothing would say it.
      room.on('moved', (breakouts) => {
        if (ownTitle(breakouts) === undefined) tell(t('rooms.movedBack'));
      }),
    ];
    return () => stop.forEach((end) => end());
  }, [room, t]);
}
