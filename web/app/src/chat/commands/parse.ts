import { LIMITS } from '@kaigi/client';
import {
  allowances,
  breakoutVerbs,
  commandNames,
  isForHosts,
  type Command,
  type CommandName,
  type Named,
  type Scene,
} from './grammar';
import { takeName, type NameProblem } from './names';

/** What is wrong with a command, for words. */
export type Problem =
  | { problem: 'unknown'; name: string; near: CommandName | undefined }
  | { problem: 'not-host'; name: CommandName }
  | { problem: 'usage'; name: CommandName }
  | { problem: 'no-breakouts' }
  | { problem: 'no-such-breakout'; name: string }
  | Exclude<NameProblem, { problem: 'missing' }>
  | { problem: 'nobody-waits'; name: string };

export type Parsed = { message: string } | { command: Command } | Problem;

const shape = /^\/([a-z][a-z-]*)(?:\s+([^]*))?$/i;

/** `/` and a word; anything else that begins with a slash, such as a path, is a message. */
export function isCommand(text: string): boolean {
  return shape.test(text.trim());
}

/** Reads what somebody has typed: a message, or a command. `//` at the beginning stands for a slash that is meant. */
export function parse(text: string, scene: Scene): Parsed {
  const trimmed = text.trim();
  if (trimmed.startsWith('//')) return { message: trimmed.slice(1) };
  const [, word, rest = ''] = shape.exec(trimmed) ?? [];
  if (word === undefined) return { message: trimmed };
  const name = commandNames.find((one) => one === word.toLowerCase());
  if (!name) return { problem: 'unknown', name: word, near: nearest(word.toLowerCase()) };
  if (isForHosts(name) && !scene.host) return { problem: 'not-host', name };
  return read(name, rest.trim(), scene);
}

function read(name: CommandName, rest: string, scene: Scene): Parsed {
  const usage: Problem = { problem: 'usage', name };
  const somebody = (make: (whom: Named) => Command) => withName(usage, takeName(rest, scene.people), make);
  switch (name) {
    case 'help':
      return { command: { do: 'help' } };
    case 'mute':
      if (rest.toLowerCase() === 'all') return { command: { do: 'mute', source: 'mic', whom: 'all' } };
      return somebody((whom) => ({ do: 'mute', source: 'mic', whom }));
    case 'camera-off':
      return somebody((whom) => ({ do: 'mute', source: 'camera', whom }));
    case 'stop-screen':
      return somebody((whom) => ({ do: 'mute', source: 'screen', whom }));
    case 'lower':
      return somebody((whom) => ({ do: 'lower', whom }));
    case 'remove':
    case 'ban':
      return somebody((whom) => ({ do: 'remove', whom, ban: name === 'ban' }));
    case 'host':
    case 'unhost':
      return somebody((whom) => ({ do: 'role', whom, host: name === 'host' }));
    case 'lock':
    case 'unlock':
      return rest === '' ? { command: { do: 'lock', locked: name === 'lock' } } : usage;
    case 'password':
      if (rest === '' || new TextEncoder().encode(rest).length > LIMITS.passwordBytes) return usage;
      return { command: { do: 'password', password: rest.toLowerCase() === 'off' ? null : rest } };
    case 'waiting': {
      const on = rest.toLowerCase();
      return on === 'on' || on === 'off' ? { command: { do: 'waiting', on: on === 'on' } } : usage;
    }
    case 'admit':
      if (rest.toLowerCase() === 'all') return { command: { do: 'admit', whom: 'all' } };
      return withWaiter(usage, rest, scene, (whom) => ({ do: 'admit', whom }));
    case 'refuse':
      return withWaiter(usage, rest, scene, (whom) => ({ do: 'refuse', whom }));
    case 'allow':
    case 'forbid': {
      const what = allowances.find((one) => one === rest.toLowerCase());
      return what ? { command: { do: 'allow', what, allowed: name === 'allow' } } : usage;
    }
    case 'breakout':
      return readBreakout(rest, scene);
    case 'back':
      return scene.away ? { command: { do: 'back' } } : { problem: 'no-breakouts' };
  }
}

function readBreakout(text: string, scene: Scene): Parsed {
  const usage: Problem = { problem: 'usage', name: 'breakout' };
  const [, verb = '', rest = ''] = /^(\S*)\s*([^]*)$/.exec(text) ?? [];
  switch (verb.toLowerCase()) {
    case 'go': {
      const room = readRoom(rest, scene);
      return 'problem' in room ? room : { command: { do: 'breakout-go', room } };
    }
    case 'open':
    case 'send':
    case 'close':
      if (!scene.host) return { problem: 'not-host', name: 'breakout' };
      break;
    default: {
      // "/breakout red" is what most would try.
      if (text === '' || !breakoutVerbs(scene).includes('go')) return usage;
      const room = readRoom(text, scene);
      return 'problem' in room ? room : { command: { do: 'breakout-go', room } };
    }
  }
  if (verb.toLowerCase() === 'open') {
    const [, count, minutes] = /^(\d{1,3})(?:\s+(\d{1,4}))?$/.exec(rest) ?? [];
    const within = (number: string | undefined, most: number) =>
      number === undefined || (Number(number) >= 1 && Number(number) <= most);
    if (count === undefined || !within(count, LIMITS.breakouts) || !within(minutes, LIMITS.breakoutMinutes))
      return usage;
    return {
      command: {
        do: 'breakout-open',
        count: Number(count),
        minutes: minutes === undefined ? undefined : Number(minutes),
      },
    };
  }
  if (verb.toLowerCase() === 'close') {
    return scene.breakouts.length > 0 ? { command: { do: 'breakout-close' } } : { problem: 'no-breakouts' };
  }
  const taken = takeName(rest, scene.people);
  if ('problem' in taken) return taken.problem === 'missing' ? usage : taken;
  const room = readRoom(taken.rest, scene);
  const { id, name } = taken.found;
  return 'problem' in room ? room : { command: { do: 'breakout-send', whom: { id, name }, room } };
}

/** A breakout room by its title, or by its number in the list. */
function readRoom(text: string, { breakouts }: Scene): Named<number> | Problem {
  if (breakouts.length === 0) return { problem: 'no-breakouts' };
  if (text === '') return { problem: 'usage', name: 'breakout' };
  const rooms = breakouts.map((name, id) => ({ id, name }));
  const taken = takeName(text, rooms);
  if ('found' in taken && taken.rest === '') return taken.found;
  const numbered = /^\d+$/.test(text) ? rooms[Number(text) - 1] : undefined;
  return numbered ?? { problem: 'no-such-breakout', name: text };
}

function withName<Id>(
  usage: Problem,
  taken: ReturnType<typeof takeName<Id>>,
  make: (whom: Named<Id>) => Command,
): Parsed {
  if ('problem' in taken) return taken.problem === 'missing' ? usage : taken;
  // "Ann and Bob" is not Ann.
  if (taken.rest !== '') return { problem: 'nobody', name: `${taken.found.name} ${taken.rest}` };
  return { command: make({ id: taken.found.id, name: taken.found.name }) };
}

function withWaiter(
  usage: Problem,
  text: string,
  scene: Scene,
  make: (whom: Named<number>) => Command,
): Parsed {
  const read = withName(usage, takeName(text, scene.waiting), make);
  return 'problem' in read && read.problem === 'nobody' ? { problem: 'nobody-waits', name: read.name } : read;
}

/** The command somebody may have meant: one letter missing, added, changed or swapped, or its beginning. */
function nearest(word: string): CommandName | undefined {
  return (
    commandNames.find((name) => word.length >= 2 && name.startsWith(word)) ??
    commandNames.find((name) => closeTo(word, name))
  );
}

function closeTo(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || a.length < 3) return false;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1);
  const swapped = short[at] === long[at + 1] && short[at + 1] === long[at];
  return (
    short.slice(at + 1) === long.slice(at + 1) || (swapped && short.slice(at + 2) === long.slice(at + 2))
  );
}
