import type { Room } from '@kaigi/client';
import type { TFunction } from 'i18next';
import { spread } from '../../breakouts/plan';
import type { Command } from './grammar';

type Words = TFunction<'hosting'>;

/** Does what was asked for. Resolves to what is said about it. */
export async function run(command: Exclude<Command, { do: 'help' }>, room: Room, t: Words): Promise<string> {
  const { hosting } = room;
  switch (command.do) {
    case 'mute': {
      const { source, whom } = command;
      await hosting.mute(source, whom === 'all' ? undefined : whom.id);
      if (whom === 'all') return t('done.mutedAll');
      if (source === 'mic') return t('done.muted', { name: whom.name });
      return source === 'camera'
        ? t('done.cameraOff', { name: whom.name })
        : t('done.screenStopped', { name: whom.name });
    }
    case 'lower':
      await hosting.lowerHand(command.whom.id);
      return t('done.lowered', { name: command.whom.name });
    case 'remove':
      await hosting.remove(command.whom.id, { ban: command.ban });
      return command.ban
        ? t('done.banned', { name: command.whom.name })
        : t('done.removed', { name: command.whom.name });
    case 'role':
      await hosting.setRole(command.whom.id, command.host);
      return command.host
        ? t('done.host', { name: command.whom.name })
        : t('done.unhost', { name: command.whom.name });
    case 'lock':
      await hosting.setRoom({ locked: command.locked });
      return command.locked ? t('done.locked') : t('done.unlocked');
    case 'password':
      await hosting.setRoom({ password: command.password });
      return command.password === null ? t('done.passwordOff') : t('done.passwordOn');
    case 'waiting':
      await hosting.setRoom({ waiting: command.on });
      return command.on ? t('done.waitingOn') : t('done.waitingOff');
    case 'admit':
      await hosting.admit(command.whom === 'all' ? undefined : command.whom.id);
      return command.whom === 'all' ? t('done.admittedAll') : t('done.admitted', { name: command.whom.name });
    case 'refuse':
      await hosting.turnAway(command.whom.id);
      return t('done.refused', { name: command.whom.name });
    case 'allow': {
      const { what, allowed } = command;
      await hosting.setRoom({ allowed: { ...room.settings.allowed, [what]: allowed } });
      const words = t(`may.${what}`);
      return allowed ? t('done.allowed', { what: words }) : t('done.forbidden', { what: words });
    }
    case 'breakout-open': {
      const { count, minutes } = command;
      const titles = Array.from({ length: count }, (_, index) => t('rooms.title', { number: index + 1 }));
      // The host stays where everybody can be found.
      const people = spread(
        room.participants.filter(({ host, mediaOnly }) => !host && !mediaOnly).map(({ id }) => id),
        count,
      );
      await hosting.openBreakouts({ titles, people, ...(minutes === undefined ? {} : { minutes }) });
      return t('done.opened', { count });
    }
    case 'breakout-close':
      await hosting.closeBreakouts();
      return t('done.closed');
    case 'breakout-send':
      await hosting.send(command.whom.id, command.room.id);
      return t('done.sent', { name: command.whom.name, room: command.room.name });
    case 'breakout-go':
      await room.goToBreakout(command.room.id);
      return t('done.gone', { room: command.room.name });
    case 'back':
      await room.goToBreakout(undefined);
      return t('done.back');
  }
}
