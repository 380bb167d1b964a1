// Participants who are nothing but their signaling: a room full of people costs one process.
import { io } from 'socket.io-client';

/** One of them, who has joined. Asks like a client; a refusal is what `ask` returns. */
export async function guest(server, room, name) {
  const socket = io(`${server.url}/meet`, { transports: ['websocket'], forceNew: true, rejectUnauthorized: false });
  const ask = (event, data) => socket.timeout(60_000).emitWithAck(event, data);
  const media = { mic: false, camera: false, screen: false, screenAudio: false };
  const { ok, error } = await ask('join', { version: { major: 1, minor: 1 }, room, name, media });
  if (error) throw new Error(`${name} is not let in: ${error.code} ${error.message}`);
  return { name, id: ok.participant.id, joined: ok, ask, socket, leave: () => socket.disconnect() };
}

/** Many of them, a few at a time. */
export async function crowd(server, room, count, atOnce = 20) {
  const guests = [];
  while (guests.length < count) {
    const next = Math.min(atOnce, count - guests.length);
    guests.push(...(await Promise.all(Array.from({ length: next }, (_, index) => guest(server, room, `Guest ${guests.length + index + 1}`)))));
  }
  return guests;
}

/** Notes in a page how long it does nothing else: tasks over 50 ms, and how late a timer of 50 ms was at most. */
export function watchTasks(page) {
  return page.evaluate(() => {
    const tasks = (window.longTasks = { durations: [], late: 0 });
    new PerformanceObserver((list) => tasks.durations.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: 'longtask' });
    let last = performance.now();
    setInterval(() => {
      tasks.late = Math.max(tasks.late, performance.now() - last - 50);
      last = performance.now();
    }, 50);
  });
}

/** What has been noted, and in words. */
export async function tasksOf(page) {
  const { durations, late } = await page.evaluate(() => window.longTasks);
  const sum = durations.reduce((all, one) => all + one, 0);
  const words = `${durations.length} long tasks, ${sum.toFixed(0)} ms in all, the longest ${Math.max(0, ...durations).toFixed(0)} ms; `
    + `a timer was ${late.toFixed(0)} ms late at most`;
  return { durations, late, words };
}
