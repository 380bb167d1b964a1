import type { TrackSource } from '@kaigi/client';

/** Somebody in the room, or in front of it, as commands name them. */
export interface Named<Id = string> {
  id: Id;
  name: string;
}

export interface Somebody extends Named {
  host: boolean;
  hand: boolean;
}

/** What the hosts allow or forbid. */
export type Allowance = 'mic' | 'camera' | 'screen' | 'chat' | 'files';
export const allowances: readonly Allowance[] = ['mic', 'camera', 'screen', 'chat', 'files'];

/** What there is to speak of, at this moment. */
export interface Scene {
  host: boolean;
  people: readonly Somebody[];
  waiting: readonly Named<number>[];
  /** The titles of the breakout rooms, if they are open. */
  breakouts: readonly string[];
  /** One is in one of them. */
  away: boolean;
}

export type Command =
  | { do: 'help' }
  | { do: 'mute'; source: TrackSource; whom: Named | 'all' }
  | { do: 'remove'; whom: Named; ban: boolean }
  | { do: 'role'; whom: Named; host: boolean }
  | { do: 'lock'; locked: boolean }
  | { do: 'password'; password: string | null }
  | { do: 'waiting'; on: boolean }
  | { do: 'admit'; whom: Named<number> | 'all' }
  | { do: 'refuse'; whom: Named<number> }
  | { do: 'allow'; what: Allowance; allowed: boolean }
  | { do: 'lower'; whom: Named }
  | { do: 'breakout-open'; count: number; minutes: number | undefined }
  | { do: 'breakout-close' }
  | { do: 'breakout-send'; whom: Named; room: Named<number> }
  | { do: 'breakout-go'; room: Named<number> }
  | { do: 'back' };

/** What a command takes after its name. */
export type Argument =
  'none' | 'person' | 'person-or-all' | 'waiter' | 'waiter-or-all' | 'on-off' | 'what' | 'word' | 'breakout';

export const commandNames = [
  'help',
  'mute',
  'camera-off',
  'stop-screen',
  'lower',
  'remove',
  'ban',
  'host',
  'unhost',
  'lock',
  'unlock',
  'password',
  'waiting',
  'admit',
  'refuse',
  'allow',
  'forbid',
  'breakout',
  'back',
] as const;
export type CommandName = (typeof commandNames)[number];

export const argumentOf: Record<CommandName, Argument> = {
  help: 'none',
  mute: 'person-or-all',
  'camera-off': 'person',
  'stop-screen': 'person',
  lower: 'person',
  remove: 'person',
  ban: 'person',
  host: 'person',
  unhost: 'person',
  lock: 'none',
  unlock: 'none',
  password: 'word',
  waiting: 'on-off',
  admit: 'waiter-or-all',
  refuse: 'waiter',
  allow: 'what',
  forbid: 'what',
  breakout: 'breakout',
  back: 'none',
};

/** How each is written, for the list and for who leaves something out. */
export const usageOf: Record<CommandName, string> = {
  help: '/help',
  mute: '/mute NAME|all',
  'camera-off': '/camera-off NAME',
  'stop-screen': '/stop-screen NAME',
  lower: '/lower NAME',
  remove: '/remove NAME',
  ban: '/ban NAME',
  host: '/host NAME',
  unhost: '/unhost NAME',
  lock: '/lock',
  unlock: '/unlock',
  password: '/password WORD|off',
  waiting: '/waiting on|off',
  admit: '/admit NAME|all',
  refuse: '/refuse NAME',
  allow: '/allow mic|camera|screen|chat|files',
  forbid: '/forbid mic|camera|screen|chat|files',
  breakout: '/breakout go ROOM|open NUMBER [MINUTES]|send NAME ROOM|close',
  back: '/back',
};

/** What everybody may use; the rest is for hosts. */
const forAll: ReadonlySet<CommandName> = new Set<CommandName>(['help', 'breakout', 'back']);

export function isForHosts(name: CommandName): boolean {
  return !forAll.has(name);
}

/** The commands that make sense for whom is in this scene. */
export function usable({ host, breakouts, away }: Scene): CommandName[] {
  return commandNames.filter((name) => {
    if (name === 'back') return away;
    if (name === 'breakout') return host || breakouts.length > 0;
    return host || !isForHosts(name);
  });
}

/** The parts of `/breakout`; only hosts have all of them. */
export function breakoutVerbs({ host, breakouts }: Scene): string[] {
  const open = breakouts.length > 0;
  return [...(open ? ['go'] : []), ...(host ? ['open'] : []), ...(host && open ? ['send', 'close'] : [])];
}
