// Runs the real binary on a port of its own with a data folder of its own.
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const binary = process.env.TEST_BINARY ?? fileURLToPath(new URL('../../target/release/kaigi', import.meta.url));

/** A running Kaigi. */
export class Server {
  /** Starts one and waits until it is ready. `args` come after `serve`. */
  static async start(args = [], options = {}) {
    const server = new Server();
    server.dataDir = mkdtempSync(join(tmpdir(), 'kaigi-e2e-'));
    server.args = args;
    server.plain = args.includes('off');
    server.port = options.port ?? (await freePort());
    server.output = '';
    await server.launch();
    return server;
  }

  async launch() {
    this.#spawn();
    await until(`the server is ready; it said:\n${this.output}`, async () => {
      if (this.process.exitCode !== null) throw new Error(`the server exited: ${this.output}`);
      return (await this.get('/readyz').catch(() => ({}))).status === 200;
    });
  }

  #spawn(...args) {
    const listen = ['--listen', `127.0.0.1:${this.port}`, '--listen', `[::1]:${this.port}`];
    this.process = spawn(binary, ['serve', ...listen, '--data-dir', this.dataDir, ...this.args, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (data) => {
        this.output = (this.output + data).slice(-100_000);
      });
    }
    this.exited = once(this.process, 'exit');
  }

  /** Starts another that takes the port over, and waits until it has. Resolves with when the one before has ended. */
  async upgrade() {
    const { exited } = this;
    this.output = '';
    this.#spawn('--takeover');
    await until('the next server has taken over', () => {
      if (this.process.exitCode !== null) throw new Error(`the next server exited: ${this.output}`);
      return this.output.includes('took over');
    });
    return { ended: exited.then(([code]) => code) };
  }

  get url() {
    return `${this.plain ? 'http' : 'https'}://localhost:${this.port}`;
  }

  get(path, headers = {}, method = 'GET', body) {
    return request(`${this.url}${path}`, { headers, method, body });
  }

  /** One metric's value, summed over those of its labels that are not named. */
  async metric(name, labels) {
    return (await this.metrics())(name, labels);
  }

  /** All metrics of one moment, to be asked for as above. */
  async metrics() {
    const lines = (await this.get('/metrics')).body.split('\n');
    return (name, labels = {}) => {
      const named = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return lines
        .filter((line) => line.startsWith(name) && /[ {]/.test(line[name.length]) && named.every((label) => line.includes(label)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    };
  }

  /** Sends a signal and waits for the end. */
  async end(signal = 'SIGTERM') {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill(signal);
      await this.exited;
    }
  }

  async stop() {
    await this.end();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** An HTTP request that trusts any certificate: status, headers, body. */
export function request(url, { headers = {}, method = 'GET', body, agent } = {}) {
  const { request: send } = url.startsWith('https') ? https : http;
  return new Promise((resolve, reject) => {
    const sent = send(url, { method, headers, agent, rejectUnauthorized: false, timeout: 5_000 }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A port that is free on loopback, for TCP and UDP. */
export async function freePort() {
  for (;;) {
    const tcp = http.createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address();
    const free = (await Promise.all([['udp4', '127.0.0.1'], ['udp6', '::1']].map(async ([kind, address]) => {
      const udp = dgram.createSocket(kind).bind(port, address);
      // `once` fails if the socket's error comes first.
      const bound = await once(udp, 'listening').then(() => true, () => false);
      udp.close();
      return bound;
    }))).every(Boolean);
    tcp.close();
    await once(tcp, 'close');
    if (free) return port;
  }
}

/** Waits for a condition, with a deadline. Returns what the condition returned. */
export async function until(what, condition, milliseconds = 15_000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
