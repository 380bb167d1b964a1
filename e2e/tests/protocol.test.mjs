// Replays every example of docs/protocol.md with the official Socket.IO client, and checks that none is missing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { io } from 'socket.io-client';
import ioOld from 'socket.io-client-2';
import { Bindings, brief, located, parse } from '../lib/protocol.mjs';
import { Server, until } from '../lib/server.mjs';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const PATIENCE_MS = 5_000;

/** Anything a client sees, in the order it sees it: events, answers, its own disconnection. */
class Client {
  seen = [];

  constructor(name, url) {
    this.name = name;
    this.url = url;
    this.connection = { namespace: '/meet', old: false, options: {} };
  }

  get isConnected() {
    return this.socket?.connected ?? false;
  }

  async connect() {
    const { namespace, old, options } = this.connection;
    const socket = (old ? ioOld : io)(`${this.url}${namespace}`, {
      forceNew: true, reconnection: false, rejectUnauthorized: false, ...options,
    });
    this.socket = socket;
    this.expectsEnd = false;
    // Every event passes here, in the client of any version.
    const { onevent } = socket;
    socket.onevent = (packet) => {
      const [event, ...args] = packet.data;
      this.#add({ event, args });
      onevent.call(socket, packet);
    };
    socket.on('disconnect', (reason) => {
      if (!this.expectsEnd) this.#add({ event: 'disconnect', args: [reason] });
    });
    await new Promise((resolve, reject) => {
      socket.on('connect', resolve).on('connect_error', reject);
    });
    const { engine } = socket.io;
    if (!options.transports && engine.transport.name === 'polling') await once(engine, 'upgrade');
  }

  send(event, args, silent) {
    this.socket.emit(event, ...args, ...(silent ? [] : [(...answer) => this.#add({ event: 'answer', args: answer })]));
  }

  /** What came next. */
  async take(milliseconds = PATIENCE_MS) {
    if (!this.seen.length) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.wake = () => resolve(clearTimeout(timer));
      });
    }
    return this.seen.shift();
  }

  /** Waits until everything sent to this client so far is here: the answer to a request that changes nothing. */
  async settle() {
    if (!this.isConnected) return;
    const nobody = { to: 'nobody', incarnation: 0, seq: 0, payload: { type: 'restart' } };
    const idle = this.connection.namespace === '/' ? ['bye', 'no room of this name'] : ['signal', nobody];
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} gets no answers any more`)), PATIENCE_MS);
      const done = () => resolve(clearTimeout(timer));
      this.socket.on('disconnect', done);
      this.socket.emit(...idle, done);
    });
  }

  breakOff() {
    this.expectsEnd = true;
    const { transport } = this.socket.io.engine;
    if (transport.ws?.terminate) transport.ws.terminate();
    else this.socket.io.engine.close();
  }

  close() {
    this.expectsEnd = true;
    this.socket?.disconnect();
  }

  #add(what) {
    this.seen.push(what);
    this.wake?.();
  }
}

/** A scenario of the document, being played. */
class Play {
  #clients = new Map();
  #asked;

  constructor(server, bindings) {
    this.server = server;
    this.bindings = bindings;
  }

  async run(steps) {
    try {
      for (const [index, step] of steps.entries()) {
        try {
          if (!['event', 'answer', 'disconnected'].includes(step.kind)) await this.#quiet();
          await this[step.kind](step);
          if (index === steps.length - 1) await this.#quiet();
        } catch (error) {
          throw located(step.line, error);
        }
      }
    } finally {
      for (const client of this.#clients.values()) client.close();
    }
  }

  async connects({ who, namespace = '/meet', old, data: options = {} }) {
    const client = this.#named(who);
    client.connection = { namespace, old, options: this.bindings.filled(options) };
    await client.connect();
  }

  async request({ who, event, data, times, silent }) {
    const client = this.#named(who);
    if (!client.isConnected) await client.connect();
    this.#asked = { client, event, times };
    const content = this.bindings.filled(data);
    const args = client.connection.namespace === '/' ? content ?? [] : [content].filter((item) => item !== undefined);
    for (let count = 0; count < times; count += 1) client.send(event, args, silent);
  }

  async answer({ data, last }) {
    const { client, event, times } = this.#asked;
    for (let count = 1; count <= times; count += 1) {
      const { args } = await this.#next(client, 'answer');
      assert.equal(args.length, 1, `the answer to ${event} has ${args.length} arguments`);
      if (!last || count === times) this.bindings.match(data, args[0], '', `answer to ${event}`);
    }
  }

  async event({ who, event, data, each, after }) {
    const client = this.#named(who);
    if (each) return this.#eachAddress(client, event, data);
    const started = Date.now();
    const { args } = await this.#next(client, event, PATIENCE_MS + after * 1000);
    const waited = Date.now() - started;
    assert.ok(waited > (after - 1) * 1000, `${event} came after ${waited} ms already`);
    if (client.connection.namespace === '/') return this.bindings.match(data, args, event);
    assert.equal(args.length, 1, `${event} has ${args.length} arguments`);
    this.bindings.match(data, args[0], '', event);
  }

  async disconnected({ who }) {
    const { args } = await this.#next(this.#named(who), 'disconnect');
    assert.notEqual(args[0], 'io client disconnect');
  }

  async breaks({ who }) {
    const client = this.#named(who);
    const open = await this.server.metric('kaigi_signaling_connections');
    client.breakOff();
    if (client.connection.namespace === '/') return;
    await until('the server notices', async () => (await this.server.metric('kaigi_signaling_connections')) < open);
  }

  /** What only comes of real media. */
  async shown() {}

  async stop() {
    for (const client of this.#clients.values()) client.expectsEnd = true;
    this.server.process.kill('SIGTERM');
  }

  async restart() {
    await this.server.exited;
    assert.equal(this.server.process.exitCode, 0);
    await this.server.launch();
  }

  async http({ method, path, headers, body, response }) {
    assert.equal(response.reason, STATUS_CODES[response.status]);
    const filled = (text) => this.bindings.filledText(text);
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, filled(value)]));
    let real;
    do {
      real = await this.server.get(filled(path), sent, method, filled(body));
      // The server's pings come when they come.
      real.body = real.body.split('\x1e').filter((packet) => packet !== '2').join('\x1e');
    } while (path.startsWith('/socket.io/') && real.status === 200 && !real.body);
    this.bindings.matchResponse(response, real);
  }

  async #eachAddress(client, event, [address]) {
    assert.match(address, /^192\.0\.2\.\d+$/, 'an address for documentation (RFC 5737)');
    await client.settle();
    const count = client.seen.findLastIndex((what) => what.event === event) + 1;
    const events = client.seen.splice(0, count);
    const own = Object.values(networkInterfaces()).flat().filter((one) => one.family === 'IPv4' && !one.internal);
    const told = events.map(({ event: name, args }) => `${name} ${args}`).sort();
    assert.deepEqual(told, own.map((one) => `${event} ${one.address}`).sort());
  }

  async #next(client, event, patience) {
    const what = await client.take(patience);
    assert.ok(what, `${client.name} does not receive: ${event}`);
    assert.equal(what.event, event, `${client.name} receives ${brief(what)}, not: ${event}`);
    return what;
  }

  /** Nobody has received anything the document does not show; and the clock goes on. */
  async #quiet() {
    for (const client of this.#clients.values()) await client.settle();
    for (const { name, seen } of this.#clients.values()) {
      assert.equal(seen.length, 0, `before this, ${name} received what the document does not show: ${brief(seen)}`);
    }
    // So that no two steps have the same moment, and every number in the document means one of them.
    const now = Date.now();
    while (Date.now() < now + 2) await setImmediate();
  }

  #named(who) {
    if (!this.#clients.has(who)) this.#clients.set(who, new Client(who, this.server.url));
    return this.#clients.get(who);
  }
}

async function play({ args, config, steps }, bindings) {
  const folder = mkdtempSync(join(tmpdir(), 'kaigi-protocol-'));
  const file = join(folder, 'kaigi.toml');
  writeFileSync(file, config ?? '');
  const server = await Server.start(args.map((argument) => (argument === 'kaigi.toml' ? file : argument)));
  try {
    await new Play(server, bindings).run(steps);
  } finally {
    await server.end('SIGKILL');
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

describe('docs/protocol.md', () => {
  const text = read('docs/protocol.md');
  const scenarios = parse(text);
  const bindings = new Bindings();
  for (const scenario of scenarios) {
    it(`is true from line ${scenario.line}: ${scenario.command}`, () => play(scenario, bindings));
  }

  const types = read('web/sdk/src/wire.gen.ts');
  const steps = scenarios.flatMap((scenario) => scenario.steps);
  /** Every value that a key has anywhere in what was sent or received, and every key. */
  const shown = new Map();
  const collect = (value, key) => {
    if (!shown.has(key)) shown.set(key, new Set());
    shown.get(key).add(value);
    if (value === null || typeof value !== 'object') return;
    for (const [name, item] of Object.entries(value)) collect(item, Array.isArray(value) ? key : name);
  };
  for (const { data, kind } of steps) if (kind !== 'connects') collect(data, '');
  for (const { response } of steps) {
    if (response?.headers['content-type'] === 'application/problem+json') collect(JSON.parse(response.body), '');
  }

  const declared = (name) => new RegExp(`^export type ${name} = (.*?);$`, 'ms').exec(types)[1];
  const quoted = (declaration) => [...declaration.matchAll(/"([\w-]+)"/g)].map(([, word]) => word);
  const eventsOf = (name) => [...declared(name).matchAll(/"event": "([\w-]+)"/g)].map(([, event]) => event);
  const missing = (wanted, there) => {
    assert.ok(wanted.length > 1, 'the types have another form than this test reads');
    assert.deepEqual(wanted.filter((item) => !there(item)), []);
  };

  it('shows every request being carried out, and its answer', () => {
    const done = steps.filter((step, index) => step.kind === 'request' && steps[index + 1]?.data?.ok);
    missing(eventsOf('Request'), (event) => done.some((step) => step.event === event));
  });

  it('shows every event', () => {
    const isEvent = (step) => step.kind === 'event' || step.shown === 'event';
    missing(eventsOf('Event'), (event) => steps.some((step) => isEvent(step) && step.event === event));
  });

  it('shows every error code, and explains it', () => {
    missing(quoted(declared('ErrorCode')), (code) => shown.get('code').has(code));
    missing(quoted(declared('ErrorCode')), (code) => text.includes(`\n| \`${code}\` |`));
  });

  it('shows every outcome, reason, and kind of signal and chat entry', () => {
    missing(quoted(declared('JoinOutcome')), (outcome) => shown.get('outcome').has(outcome));
    missing(quoted(declared('LeaveReason')), (reason) => shown.get('reason').has(reason));
    for (const name of ['SignalPayload', 'ChatBody']) {
      const variants = [...declared(name).matchAll(/"type": "([\w-]+)"/g)].map(([, type]) => type);
      missing(variants, (type) => shown.get('type').has(type));
    }
  });

  it('shows and explains every field', () => {
    const fields = [...new Set([...types.matchAll(/^(\w+)\??: /gm)].map(([, field]) => field))];
    assert.ok(fields.includes('sdpMLineIndex') && fields.includes('username'));
    missing(fields, (field) => shown.has(field));
    missing(fields, (field) => new RegExp(`^\\| .*\`${field}\``, 'm').test(text));
  });

  it('names the limits and the version that are in force', () => {
    const source = read('crates/protocol/src/vocabulary.rs');
    const constants = [...source.matchAll(/pub const [A-Z_]+: (?:usize|u32) = ([\d *]+);/g)];
    const numbers = constants.map(([, product]) => product.split('*').reduce((value, factor) => value * factor, 1));
    assert.ok(numbers.length >= 10);
    const table = /^### Limits$(.*?)^##/ms.exec(text)[1];
    const rows = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
    assert.deepEqual(rows.sort((a, b) => a - b), numbers.sort((a, b) => a - b));
    const [, major, minor] = /PROTOCOL_VERSION: ProtocolVersion = { major: (\d+), minor: (\d+) }/.exec(types);
    assert.match(text, new RegExp(`\\*\\*${major}\\.${minor}\\*\\*`));
  });
});

describe('the replay', () => {
  const media = '{ "mic": true, "camera": true, "screen": false, "screenAudio": false }';
  const ann = (moment) => `{ "id": "Ann", "name": "Ann", "media": ${media}, "connected": true, "incarnation": 0,
    "joinedAt": ${moment}, "host": true }`;
  const joined = `{ "ok": { "outcome": "new", "room": "sync", "participant": ${ann(1)}, "resumeToken": "t",
    "resumeSeconds": 30, "participants": [], "chat": [], "iceServers": [], "sameDevice": false, "serverVersion": "v",
    "topology": "direct", "settings": { "locked": false, "password": false, "routed": false, "waiting": false,
      "allowed": { "mic": true, "camera": true, "screen": true, "chat": true, "files": true } },
    "votes": [], "waiting": [], "breakouts": { "rooms": [], "main": [] },
    "mediaLimits": { "videoSlots": 12, "audioSlots": 4, "mostVideoSlots": 49 },
    "turn": { "username": "1795256400:SnRLj6Wud3zsp1PJ", "credential": "pQ0v….Ann-1=", "seconds": 86400 } } }`;
  const document = ['```sh', 'kaigi serve', '```', '```jsonc', '// Ann → join',
    `{ "version": { "major": 1, "minor": 0 }, "room": "Sync", "name": "Ann", "media": ${media} }`,
    '// answer', joined, '// Ann → chat', '{ "text": "… 5 bytes …" }', '// answer', '{ "ok": { "id": 7 } }',
    '// Ann ← chat',
    '{ "id": 7, "at": 6, "from": "Ann", "name": "Ann", "body": { "type": "message", "text": "xxxxx" } }', '```'].join('\n');
  const event = /\/\/ Ann ← chat\n.*\n/;
  const replay = (text) => play(parse(text)[0], new Bindings());

  it('takes a document that is right', () => replay(document));

  for (const [what, from, to, error] of [
    ['a wrong value', '"room": "sync"', '"room": "Sync"', /ok\.room: the document shows "Sync"/],
    ['a wrong type', '"resumeSeconds": 30', '"resumeSeconds": "30"', /shows "30", the server says 30/],
    ['a key too many', '"sameDevice": false', '"sameDevice": false, "color": 1', /shows \[color\]/],
    ['a missing key', '"sameDevice": false, ', '', /sends \[sameDevice\]/],
    ['another id for the same participant', '"from": "Ann"', '"from": "Bob"', /called "Ann" before/],
    ['an id that meant something else', '"ok": { "id": 7 }', '"ok": { "id": 8 }', /called 8 before/],
    ['times in the wrong order', '"at": 6', '"at": 0', /another order/],
    ['an event that does not come', '// Ann ← chat', '// Ann ← replaced', /receives .*"chat".*, not: replaced/],
    ['an event that is not shown', event, '// Ann → leave\n// answer\n{ "ok": {} }\n', /does not show: .*"chat"/],
    ['an event at the end that is not shown', event, '', /does not show: .*"chat"/],
    ['an answer that is not shown', '// answer\n{ "ok": { "id": 7 } }\n', '', /receives .*"answer"/],
    ['a directive that it does not know', '// answer', '// Ann: chat', /not a step/],
    ['a block that nothing executes', '```jsonc', '```json', /nothing executes: json/],
  ]) {
    it(`notices ${what}`, async () => {
      const wrong = document.replace(from, to);
      assert.notEqual(wrong, document);
      await assert.rejects(async () => replay(wrong), error);
    });
  }
});
