// aiortc, a WebRTC implementation of others in Python, as a publisher by WHIP and a viewer by WHEP.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './server.mjs';

const client = fileURLToPath(new URL('../clients/aiortc_http.py', import.meta.url));

/** Where scripts/setup-test installs it. */
const python = process.env.AIORTC_PYTHON
  ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kaigi-test', 'aiortc', 'bin', 'python');

export class Aiortc {
  /** `mode` is publish or watch. */
  constructor(mode, url, token) {
    if (!existsSync(python)) throw new Error(`${python} is missing; scripts/setup-test installs it`);
    this.process = spawn(python, [client, mode, url, ...(token ? [token] : [])]);
    this.errors = '';
    this.process.stderr.on('data', (data) => {
      this.errors = (this.errors + data).slice(-20_000);
    });
    /** What it said last, all it has said in one. */
    this.said = {};
    createInterface(this.process.stdout).on('line', (line) => Object.assign(this.said, JSON.parse(line)));
    this.exited = once(this.process, 'exit');
  }

  /** Waits until what it said last fits. */
  async says(what, fits, milliseconds = 30_000) {
    await until(what, () => {
      if (this.process.exitCode !== null && !fits(this.said)) throw new Error(`aiortc exited: ${this.#words()}`);
      return fits(this.said);
    }, milliseconds).catch((error) => {
      throw new Error(`${error.message}; aiortc said ${this.#words()}`, { cause: error });
    });
    return this.said;
  }

  /** Ends its session with DELETE. */
  async end() {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.stdin.end();
    await this.exited;
  }

  /** Kills it: nobody is told. */
  kill() {
    this.process.kill('SIGKILL');
  }

  #words() {
    return `${JSON.stringify({ ...this.said, body: undefined })}\n${this.errors}`;
  }
}
