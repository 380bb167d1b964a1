// Puts beside the app what the server serves to other people's pages: the standalone SDK at
// /sdk/kaigi-client.js, the part of it that embeds a meeting at /sdk/kaigi-embed.js, and the matching
// Socket.IO client at /socket.io/socket.io.js.
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const app = fileURLToPath(new URL('..', import.meta.url));
const socketIo = dirname(
  createRequire(join(app, '../sdk/package.json')).resolve('socket.io-client/package.json'),
);
const files = [
  [join(app, '../sdk/dist/kaigi-client.js'), 'sdk/kaigi-client.js'],
  [join(app, '../sdk/dist/kaigi-embed.js'), 'sdk/kaigi-embed.js'],
  [join(socketIo, 'dist/socket.io.min.js'), 'socket.io/socket.io.js'],
];
for (const [from, to] of files) {
  const target = join(app, 'dist', to);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(from, target);
}
