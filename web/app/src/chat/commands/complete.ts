import {
  allowances,
  argumentOf,
  breakoutVerbs,
  isForHosts,
  usable,
  usageOf,
  type CommandName,
  type Scene,
  type Somebody,
} from './grammar';

/** One way to go on with what has been typed. */
export interface Completion {
  /** What the box holds then. A blank at its end: something has to follow. */
  text: string;
  /** What the list shows. */
  label: string;
  /** The command it is about, for its explanation; absent below a command that is already written. */
  command?: CommandName;
}

/** More than this nobody reads. */
const most = 50;

/** How the typed text may go on; nothing for a message. */
export function complete(text: string, scene: Scene): Completion[] {
  if (!text.startsWith('/') || text.startsWith('//') || text.includes('\n')) return [];
  const match = /^\/(\S*)(\s+)?([^]*)$/.exec(text);
  if (!match) return [];
  const [, word = '', blank, rest = ''] = match;
  if (blank === undefined) {
    const begun = usable(scene).filter((name) => name.startsWith(word.toLowerCase()));
    // What is written in full needs no list.
    if (begun.length === 1 && begun[0] === word) return [];
    return begun.map((name) => ({
      text: argumentOf[name] === 'none' ? `/${name}` : `/${name} `,
      label: usageOf[name],
      command: name,
    }));
  }
  const name = usable(scene).find((one) => one === word.toLowerCase());
  if (!name || (isForHosts(name) && !scene.host)) return [];
  const values = argumentsFor(name, rest, scene).filter(
    (value) => value.toLocaleLowerCase().startsWith(rest.toLocaleLowerCase()) && value !== rest,
  );
  return values.slice(0, most).map((value) => ({ text: `/${name} ${value}`, label: value.trim() }));
}

function argumentsFor(name: CommandName, rest: string, scene: Scene): string[] {
  switch (argumentOf[name]) {
    case 'person':
      return scene.people.filter(concerns(name)).map((person) => person.name);
    case 'person-or-all':
      return ['all', ...scene.people.map((person) => person.name)];
    case 'waiter':
      return scene.waiting.map((one) => one.name);
    case 'waiter-or-all':
      return [...(scene.waiting.length > 0 ? ['all'] : []), ...scene.waiting.map((one) => one.name)];
    case 'on-off':
      return ['on', 'off'];
    case 'what':
      return [...allowances];
    case 'breakout':
      return breakoutArguments(rest, scene);
    case 'word':
    case 'none':
      return [];
  }
}

function concerns(name: CommandName): (person: Somebody) => boolean {
  if (name === 'host') return (person) => !person.host;
  if (name === 'unhost') return (person) => person.host;
  if (name === 'lower') return (person) => person.hand;
  return () => true;
}

function breakoutArguments(rest: string, scene: Scene): string[] {
  const verbs = breakoutVerbs(scene);
  if (/^go\s/i.test(rest)) return scene.breakouts.map((title) => `go ${title}`);
  if (/^send\s/i.test(rest) && scene.host) {
    const named = scene.people.find(({ name }) =>
      rest.toLowerCase().startsWith(`send ${name.toLowerCase()} `),
    );
    return named
      ? scene.breakouts.map((title) => `send ${named.name} ${title}`)
      : scene.people.map(({ name }) => `send ${name} `);
  }
  return verbs.map((verb) => (verb === 'close' ? verb : `${verb} `));
}
