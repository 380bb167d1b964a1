// Holds one cell's call and reports what became of it.
import { once } from 'node:events';
import { join } from 'node:path';
import { binary, until } from '../lib/server.mjs';
import { Authority } from '../lib/authority.mjs';
import { RECOVERY_SECONDS } from './cells.mjs';
import { removeFolder, scratchFolder } from './namespaces.mjs';
import { Person } from './person.mjs';
import { HOST, PUBLIC_ADDRESS, Topology } from './topology.mjs';

const CONNECT_MS = 30_000;
const WATCHED_MS = Number(process.env.LAB_SECONDS ?? 10) * 1_000;
const RECOVER_MS = 40_000;
/** Three browsers and two processors: encoders and decoders take their time. */
const THREE_MS = 60_000;
/** So many frames of each of the others, shown after the server has taken over. */
const THREE_FRAMES = 10;
/** Frames that come at shorter distances than this flow. */
const GAP_MS = 1_000;
/** For so long they have to flow after a change to count as recovered. */
const STEADY_MS = 3_000;

/**
 * Runs a cell: two talk, then a third joins. The outcome holds the row's figures and `failures`, sentences; it does
 * not throw for what goes wrong with the call.
 */
export async function hold(cell, { three = true } = {}) {
  const outcome = { name: cell.name, browsers: cell.browsers, connected: false, failures: [] };
  const folder = scratchFolder();
  let topology, server, authority;
  const people = [];
  try {
    topology = new Topology(cell);
    authority = new Authority();
    server = await startServer(topology.server, cell.server, authority, folder);
    const { flags, browsers } = cell;
    const start = async (namespace, name, browser) => {
      const person = await Person.start(namespace, name, { browser, authority, flags });
      people.push(person);
      return person;
    };
    const [ann, bob] = await Promise.all([
      start(topology.ann, 'Ann', browsers[0]), start(topology.bob, 'Bob', browsers[1]),
    ]);
    await talk(cell, { ann, bob, topology, outcome });
    if (three) await joinedByThird(cell, { ann, bob, cyd: await start(topology.cyd, 'Cyd', 'Chromium'), outcome });
  } catch (error) {
    outcome.failures.push(error.message);
  }
  if (outcome.failures.length || process.env.LAB_DETAILS) outcome.details = await details(people, server, outcome.origin);
  await Promise.all(people.map((person) => person.close()));
  await server?.stop();
  topology?.destroy();
  authority?.remove();
  removeFolder(folder);
  return outcome;
}

async function talk(cell, { ann, bob, topology, outcome }) {
  const both = [ann, bob];
  await ann.join(url(cell, ann));
  const began = await bob.join(url(cell, bob));
  outcome.origin = began;
  const first = await Promise.all(both.map((person) => until(`${person.name} sees the first frame`, async () =>
    (await person.frames())[0]?.[0], CONNECT_MS)));
  outcome.connected = true;
  outcome.secondsToFirstFrame = (Math.max(...first) - began) / 1000;

  const watched = Math.max(...first);
  await until('the call was watched', () => Date.now() >= watched + WATCHED_MS, WATCHED_MS * 2);
  const counts = await Promise.all(both.map(async (person) => (await person.frames(watched))
    .filter(([at]) => at < watched + WATCHED_MS).reduce((sum, [, count]) => sum + count, 0)));
  outcome.frames = Math.min(...counts);
  if (outcome.frames < cell.minimumFrames) {
    outcome.failures.push(`${outcome.frames} frames; at least ${cell.minimumFrames} are expected`);
  }

  if (cell.change) {
    outcome.before = await through(both);
    const changed = Date.now();
    outcome.origin = changed;
    topology.changes[cell.change]();
    const recovered = await Promise.all(both.map((person) => recovery(person, changed)));
    outcome.secondsToRecover = Math.max(...recovered);
    if (outcome.secondsToRecover > RECOVERY_SECONDS) {
      outcome.failures.push(`it took ${outcome.secondsToRecover.toFixed(1)} s to recover; ${RECOVERY_SECONDS} s are promised`);
    }
  }

  await settled(cell, both, outcome);
}

function url(cell, { name }) {
  return `https://${HOST}:${cell.server.port}/r/lab?name=${name}&join=1&lang=en`;
}

/** A third joins, and media goes through the server: all decode and show pictures of both others and hear both. */
async function joinedByThird(cell, { ann, bob, cyd, outcome }) {
  const all = [ann, bob, cyd];
  const began = await cyd.join(url(cell, cyd));
  outcome.origin = began;
  let missing;
  const look = async (person, before) => {
    const { videos, voices, shown } = await person.received();
    if (!(await person.status()).includes('Server')) return `${person.name}'s media does not go through the server`;
    before[person.name] ??= shown;
    const few = (name) => (shown[name] ?? 0) - (before[person.name][name] ?? 0) < THREE_FRAMES;
    const unseen = all.filter(({ name }) => name !== person.name && few(name));
    if (unseen.length) return `${person.name} does not see ${unseen.map(({ name }) => name).join(' and ')}`;
    if (videos < 2 || voices < 2) return `${person.name} gets ${videos} pictures and ${voices} voices from the server`;
    return undefined;
  };
  const before = {};
  await until('all three see and hear each other', async () => {
    missing = (await Promise.all(all.map((person) => look(person, before)))).filter(Boolean);
    return missing.length === 0;
  }, THREE_MS).catch(() => outcome.failures.push(...missing));
  outcome.secondsToThree = missing.length ? undefined : (Date.now() - began) / 1000;
  outcome.three = await Promise.all(all.map(async (person) => ({ name: person.name, way: wayToServer(await person.path()) })));
  for (const { name, way } of outcome.three) {
    const expected = cell.three[name] ?? 'UDP';
    if (way !== expected) outcome.failures.push(`${name}'s media reaches the server by ${way}; ${expected} is expected`);
  }
}

/** `UDP`, `TCP` (ICE over TCP), or the relay that leads to the server's own candidate, and how that is reached. */
function wayToServer(path) {
  if (!path) return 'nothing';
  return path.relayProtocol ? `relay by ${path.relayProtocol.toUpperCase()}` : path.protocol.toUpperCase();
}

/**
 * Seconds from the change to the moment from which frames flow again. Zero if they never stopped, which is so
 * only if the call has gone over to another path without a gap.
 */
function recovery(person, changed) {
  return until(`${person.name} sees frames again`, async () => {
    const moments = (await person.frames(changed)).map(([at]) => at);
    const now = Date.now();
    let flowing = changed;
    let stopped = false;
    for (const [index, at] of moments.entries()) {
      const before = moments[index - 1] ?? changed;
      if (at - before > GAP_MS) {
        flowing = at;
        stopped = true;
      }
    }
    const flows = moments.length > 0 && now - moments.at(-1) < GAP_MS && now - flowing >= STEADY_MS;
    return flows ? [stopped ? (flowing - changed) / 1000 : 0] : undefined;
  }, RECOVER_MS).then(([seconds]) => seconds);
}

/** The path may change in the first seconds; what it ends with has to be the expected one, and to be told so. */
async function settled(cell, both, outcome) {
  const differs = async () => {
    Object.assign(outcome, await through(both));
    if (outcome.path !== cell.path) {
      const pairs = outcome.paths?.map(({ addresses }) => addresses).join(' and ');
      return `it is ${outcome.path} (${pairs}); ${cell.path} is expected`;
    }
    if (cell.by && !outcome.by.some((protocol) => cell.by.includes(protocol))) {
      return `no relay is reached by ${cell.by.join(' or ')}, only by ${outcome.by}`;
    }
    for (const person of both) {
      const status = await person.status();
      if (!status.includes(cell.path)) return `${person.name}'s page says “${status}” instead of ${cell.path}`;
    }
    return undefined;
  };
  let difference;
  await until('the path settles', async () => !(difference = await differs()), 10_000)
    .catch(() => outcome.failures.push(difference));
}

/** What the media goes through: `Direct` or `Relayed`, and how either side's own relay is reached, if in use. */
async function through(both) {
  const paths = await Promise.all(both.map((person) => person.path()));
  if (paths.some((path) => !path)) return { path: 'nothing', by: [] };
  const relayed = paths.some(({ local, remote }) => local === 'relay' || remote === 'relay');
  return {
    path: relayed ? 'Relayed' : 'Direct',
    by: paths.map(({ relayProtocol }) => relayProtocol).filter(Boolean),
    paths,
  };
}

/** Starts the real binary in a namespace. */
export async function startServer(namespace, { port, args = [], knowsAddress }, authority, folder) {
  const command = [
    'serve', '--listen', `0.0.0.0:${port}`, '--listen', `[::]:${port}`, '--data-dir', join(folder, 'data'),
    ...authority.issue([`DNS:${HOST}`]), ...(knowsAddress ? ['--public-address', PUBLIC_ADDRESS] : []), ...args,
  ];
  const child = namespace.spawn(binary, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const server = { output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      server.output = (server.output + data).slice(-20_000);
    });
  }
  const exited = once(child, 'exit');
  server.stop = async () => {
    child.kill();
    await exited;
  };
  // Printed once every socket is bound.
  await until(`the server is ready; it said:\n${server.output}`, () => {
    if (child.exitCode !== null) throw new Error(`the server exited: ${server.output}`);
    return /^Open$/m.test(server.output);
  });
  return server;
}

async function details(people, server, origin) {
  const seen = await Promise.all(people.map(async (person) =>
    `${person.name}:\n${await Promise.all([person.events(origin), person.pairs()]).then((parts) => parts.join('\n'), String)}`));
  return [...seen, server && `The server:\n${server.output}`].filter(Boolean).join('\n');
}
