// A person with a browser, in a namespace.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fakeMedia, quiet } from '../lib/browser.mjs';
import { until } from '../lib/server.mjs';
import { removeFolder, scratchFolder } from './namespaces.mjs';

const PROCESS = fileURLToPath(new URL('browser-process.mjs', import.meta.url));

const BROWSERS = {
  Chromium: ({ home, flags, viewport }) => ({
    browser: 'chrome',
    executablePath: process.env.CHROMIUM ?? find('chromium'),
    args: [...quiet, ...fakeMedia, ...flags],
    env: { ...process.env, HOME: home },
    pipe: true,
    ...(viewport ? { defaultViewport: viewport } : {}),
  }),
  Firefox: ({ home, profile }) => ({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? find('firefox-esr', 'firefox'),
    userDataDir: profile,
    env: { ...process.env, HOME: home },
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.autoplay.default': 0,
    },
  }),
};

export class Person {
  #process;
  #home = scratchFolder();
  #pending = new Map();
  #orders = 0;

  /** Starts a browser; `flags` are more of Chromium's. */
  static async start(namespace, name, { browser, authority, flags = [], viewport }) {
    const person = new Person();
    person.name = name;
    const home = person.#home;
    const profile = join(home, 'profile');
    if (browser === 'Firefox') authority.profile(profile);
    else authority.home(home);
    person.#spawn(namespace);
    await person.#order('launch', BROWSERS[browser]({ home, profile, flags, viewport }));
    return person;
  }

  /** Opens the room and waits until they are in it. Returns when they set out, in Unix milliseconds. */
  async join(url) {
    await this.#order('open', url);
    await until(`${this.name} is in the room`, () => this.evaluate(() =>
      Boolean(document.querySelector('[role=toolbar][aria-label="Meeting controls"]'))), 20_000);
    return this.evaluate(() => performance.timeOrigin);
  }

  /** Moments at which frames of the other came, with their number. */
  frames(since = 0) {
    return this.evaluate(`window.lab.frames.filter(([at]) => at >= ${since})`);
  }

  /** What the server's connection has brought, and how many frames each tile has shown so far. */
  received() {
    return this.evaluate(async () => {
      const reports = await window.lab.inbound();
      const some = (kind, has) => reports.filter((report) => report.kind === kind && has(report)).length;
      return {
        videos: some('video', ({ framesDecoded }) => framesDecoded > 0),
        voices: some('audio', ({ totalAudioEnergy }) => totalAudioEnergy > 0),
        shown: { ...window.lab.shown },
      };
    });
  }

  path() {
    return this.evaluate(() => window.lab.path());
  }

  /** What happened in the page, in seconds from `origin`. */
  async events(origin) {
    const events = await this.evaluate(() => window.lab.events);
    return events.map(([at, text]) => `  ${((at - origin) / 1000).toFixed(2)} s: ${text}`).join('\n');
  }

  /** What the page tells the user. */
  status() {
    return this.evaluate(() => document.querySelector('[role=status][aria-label=Connection]')?.textContent ?? '');
  }

  pairs() {
    return this.evaluate(() => window.lab.pairs());
  }

  evaluate(what) {
    return this.#order('evaluate', typeof what === 'function' ? `(${what})()` : what);
  }

  screenshot(path) {
    return this.#order('screenshot', path);
  }

  async close() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = once(this.#process, 'exit');
      this.#process.disconnect();
      await gone;
    }
    removeFolder(this.#home);
  }

  #spawn(namespace) {
    this.#process = namespace.spawn(process.execPath, [PROCESS], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#process.on('message', ({ id, result, error }) => {
      const { resolve, reject } = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(`${this.name}: ${error}`));
    });
    this.#process.on('exit', () => {
      for (const { reject } of this.#pending.values()) reject(new Error(`${this.name}'s browser is gone`));
      this.#pending.clear();
    });
  }

  #order(order, argument) {
    this.#orders += 1;
    const id = this.#orders;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#process.send({ id, order, argument });
    });
  }
}

function find(...names) {
  return execFileSync('sh', ['-c', names.map((name) => `command -v ${name}`).join(' || ')]).toString().trim();
}
