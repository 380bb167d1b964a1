// Run in a thread of its own: asks for allocations without credentials, each from another address and port of this
// machine, a hundred at a time, and tells how many were answered.
import dgram from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { allocateRequest } from './turn.mjs';

const AT_ONCE = 100;
const PATIENCE_MS = 200;

const { port, count } = workerData;
let [next, answered] = [0, 0];

/** One request from an address of its own in one of 65,536 networks, so that no network exceeds its budget. */
async function ask(number) {
  const socket = dgram.createSocket('udp4');
  await new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    socket.on('message', () => {
      clearTimeout(timer);
      answered += 1;
      resolve();
    });
    socket.bind(0, `127.${1 + ((number >> 8) & 63)}.${number & 255}.${1 + (number % 250)}`, () => {
      socket.send(allocateRequest(), port, '127.0.0.1');
    });
  });
  socket.close();
}

await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  while (next < count) await ask((next += 1));
}));
parentPort.postMessage({ answered });
