// Both servers, each on the servers' core, asked for their processor time and memory.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const [SERVER_CORE, LOAD_CORE] = [0, 1];
export const KINDS = ['kaigi', 'node'];

/** The load comes from a core of its own. */
export function pinLoad() {
  execFileSync('taskset', ['-a', '-cp', `${LOAD_CORE}`, `${process.pid}`]);
}

export class Server {
  static async start(kind, binary, { tls = false, args = [] } = {}) {
    const server = new Server();
    server.kind = kind;
    server.folder = mkdtempSync(join(tmpdir(), 'kaigi-bench-'));
    const port = await freePort();
    server.url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
    const data = join(server.folder, 'data');
    if (kind === 'node' && tls) execFileSync(binary, ['cert', 'renew', '--data-dir', data], { stdio: 'ignore' });
    const [program, ...rest] = kind === 'kaigi'
      ? [binary, 'serve', '--listen', `127.0.0.1:${port}`, '--data-dir', data, '--tls', tls ? 'on' : 'off', '--media-threads', '1', ...args]
      : [process.execPath, new URL('server.mjs', import.meta.url).pathname];
    const env = { ...process.env, NODE_ENV: 'production', PORT: `${port}`, ...(tls && { CERT: join(data, 'certificate.pem'), KEY: join(data, 'key.pem') }) };
    server.output = '';
    server.process = spawn('taskset', ['-c', `${SERVER_CORE}`, program, ...rest], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [server.process.stdout, server.process.stderr]) {
      stream.on('data', (data) => { server.output = (server.output + data).slice(-5_000); });
    }
    for (let tries = 0; ; tries += 1) {
      if (server.process.exitCode !== null || tries > 300) throw new Error(`${kind} does not start: ${server.output}`);
      if (await answers(`${server.url}/socket.io/?EIO=4&transport=polling`)) return server;
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  }

  /** User and system time of all its threads, in nanoseconds. */
  get cpu() {
    const threads = `/proc/${this.process.pid}/task`;
    return readdirSync(threads).reduce((sum, thread) => sum + Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0]), 0);
  }

  /** Its resident memory, in bytes. */
  get resident() {
    return Number(readFileSync(`/proc/${this.process.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+) kB/)[1]) * 1024;
  }

  async stop() {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function answers(url) {
  const { get } = url.startsWith('https') ? https : http;
  return new Promise((resolve) => {
    get(url, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

async function freePort() {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
