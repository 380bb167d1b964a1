// What is measured; each returns figures of one server.
import { Client, join } from './client.mjs';

const VERSION = { major: 1, minor: Number(process.env.PROTOCOL_MINOR ?? 3) };
const ROOM = 10;
/** Opened at the same time. */
const AT_ONCE = 20;
const MESSAGE_BYTES = 1_500;

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const until = async (condition) => { while (!condition()) await pause(5); };

/** Does something with each of so many numbers, a few at a time. */
async function each(count, first, work) {
  const done = [];
  for (let number = 0; number < count; number += AT_ONCE) {
    const next = Array.from({ length: Math.min(AT_ONCE, count - number) }, (_, index) => first + number + index);
    done.push(...(await Promise.all(next.map(work))));
  }
  return done;
}

/** What one connection costs to open and to keep, and one that has joined a room of ten. */
export async function connections(server, count) {
  const open = (number) => Client.open(server.url, number);
  // What is allocated once must be there already.
  const warm = await each(200, 0, open);
  await each(200, 0, (number) => join(warm[number], `warm-${Math.floor(number / ROOM)}`, `Guest ${number}`, VERSION));
  await pause(1_000);
  const before = { cpu: server.cpu, resident: server.resident };
  const clients = await each(count, 200, open);
  const opened = { cpu: server.cpu };
  await pause(2_000);
  opened.resident = server.resident;
  const idle = { cpu: server.cpu, at: performance.now() };
  await pause(10_000);
  const idled = { cpu: server.cpu, seconds: (performance.now() - idle.at) / 1_000 };
  await each(count, 0, (number) => join(clients[number], `room-${Math.floor(number / ROOM)}`, `Guest ${number}`, VERSION));
  await pause(1_000);
  const joined = { cpu: server.cpu, resident: server.resident };
  for (const client of [...warm, ...clients]) client.close();
  return {
    openMicroseconds: (opened.cpu - before.cpu) / count / 1_000,
    idleBytes: (opened.resident - before.resident) / count,
    idleMicrosecondsPerSecond: (idled.cpu - idle.cpu) / (count + 200) / idled.seconds / 1_000,
    joinMicroseconds: (joined.cpu - idled.cpu) / count / 1_000,
    joinedBytes: (joined.resident - before.resident) / count,
  };
}

/** Rooms of ten, to send messages in. */
export class House {
  static async open(server, count) {
    const house = new House();
    house.server = server;
    house.clients = await each(count, 0, (number) => Client.open(server.url, number));
    house.ids = (await each(count, 0, (number) => join(house.clients[number], `room-${Math.floor(number / ROOM)}`, `Guest ${number}`, VERSION)))
      .map(({ participant }) => participant.id);
    house.sent = new Array(count).fill(0);
    await pause(500);
    return house;
  }

  /** Sends so many messages a second for so long, to one of the room or to all of it. */
  async messages(how, perSecond, seconds) {
    const { clients, ids, server } = this;
    const delays = [];
    const run = `${Math.random()}`.slice(2, 10);
    const mark = `run ${run} `;
    let [delivered, answered, sent] = [0, 0, 0];
    for (const client of clients) {
      client.onEvent = (text) => {
        const at = text.indexOf(mark);
        if (at < 0) return;
        delivered += 1;
        delays.push(performance.now() - Number(text.slice(at + mark.length, at + mark.length + 14)));
      };
    }
    const filling = 'x'.repeat(MESSAGE_BYTES - mark.length - 15);
    const text = () => `${mark}${performance.now().toFixed(4).padStart(14, '0')} ${filling}`;
    const send = (number) => {
      const own = number % clients.length;
      if (how === 'to all') return clients[own].ask('chat', { text: text() });
      const peer = own - (own % ROOM) + ((own + 1) % ROOM);
      this.sent[own] += 1;
      const payload = { type: 'offer', sdp: text() };
      return clients[own].ask('signal', { to: ids[peer], incarnation: 0, seq: this.sent[own], payload });
    };
    const refused = [];
    const before = { cpu: server.cpu };
    const begun = performance.now();
    while (performance.now() - begun < seconds * 1_000) {
      const due = Math.floor(((performance.now() - begun) / 1_000) * perSecond);
      for (; sent < due; sent += 1) {
        send(sent * 7 + 3).then(({ error }) => {
          answered += 1;
          if (error) refused.push(error);
        });
      }
      await pause(1);
    }
    const expected = sent * (how === 'to all' ? ROOM : 1);
    const deadline = performance.now() + 5_000;
    await until(() => (delivered === expected && answered === sent) || performance.now() > deadline);
    const cpu = server.cpu - before.cpu;
    if (delivered !== expected || refused.length) {
      throw new Error(`${server.kind}: ${delivered} of ${expected} were delivered; ${refused.length} refused: ${JSON.stringify(refused[0])}`);
    }
    delays.sort((a, b) => a - b);
    const percentile = (part) => delays[Math.floor(delays.length * part)];
    return { nanoseconds: cpu / delivered, p50: percentile(0.5), p99: percentile(0.99), perSecond: delivered / seconds };
  }

  close() {
    for (const client of this.clients) client.close();
  }
}

/** So many come into one room within so many seconds. */
export async function crowd(server, count, seconds) {
  const times = [];
  const clients = [];
  const before = server.cpu;
  const begun = performance.now();
  let late = 0;
  await Promise.all(Array.from({ length: count }, async (_, number) => {
    const due = (number * seconds * 1_000) / count;
    await pause(due - (performance.now() - begun));
    const came = performance.now();
    late = Math.max(late, came - begun - due);
    const client = await Client.open(server.url, number);
    clients.push(client);
    await join(client, 'crowd', `Guest ${number}`, VERSION);
    times.push(performance.now() - came);
  }));
  const within = (performance.now() - begun) / 1_000;
  // Until everybody has heard of the last one.
  let last = -1;
  const heard = () => clients.reduce((sum, client) => sum + client.received, 0);
  for (;;) {
    const now = heard();
    if (now === last) break;
    last = now;
    await pause(1_000);
  }
  const cpu = server.cpu - before;
  for (const client of clients) client.close();
  times.sort((a, b) => a - b);
  return {
    p50: times[Math.floor(count / 2)],
    p99: times[Math.floor(count * 0.99)],
    most: times.at(-1),
    within,
    late,
    events: last,
    milliseconds: cpu / count / 1e6,
  };
}
