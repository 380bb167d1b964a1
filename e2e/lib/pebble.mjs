// Pebble, Let's Encrypt's test server, which really validates, with a DNS of its own in which every name leads to loopback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from './authority.mjs';
import { freePort, request, until } from './server.mjs';

export class Pebble {
  /** `validity` is that of its certificates, in seconds. `tlsPort` and `httpPort` stand for 443 and 80. */
  static async start({ tlsPort, httpPort, validity = 90 * 24 * 3600 }) {
    const pebble = new Pebble();
    pebble.folder = mkdtempSync(join(tmpdir(), 'kaigi-pebble-'));
    pebble.authority = new Authority();
    pebble.port = await freePort();
    pebble.management = await freePort();
    pebble.dns = await freePort();
    pebble.names = await freePort();
    const [, certificate, , key] = pebble.authority.issue(['DNS:localhost', 'IP:127.0.0.1']);
    Object.assign(pebble, { certificate, key });
    writeFileSync(join(pebble.folder, 'config.json'), JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${pebble.port}`, managementListenAddress: `127.0.0.1:${pebble.management}`,
        certificate, privateKey: key, httpPort, tlsPort, ocspResponderURL: '', externalAccountBindingRequired: false,
        certificateValidityPeriod: validity, domainBlocklist: ['blocked.example.org'],
      },
    }));
    pebble.processes = [
      spawn('pebble-challtestsrv', ['-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', '-dns01', `127.0.0.1:${pebble.dns}`,
        '-management', `127.0.0.1:${pebble.names}`, '-http01', '', '-https01', '', '-tlsalpn01', ''], { stdio: 'ignore' }),
    ];
    pebble.launch();
    await pebble.#ready();
    return pebble;
  }

  launch() {
    this.output = '';
    const pebble = spawn('pebble', ['-config', join(this.folder, 'config.json'), '-dnsserver', `127.0.0.1:${this.dns}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // No pauses between validations; the refused nonces and forgotten authorizations stay, as clients have to bear them.
      env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_AUTHZREUSE: '0' },
    });
    for (const stream of [pebble.stdout, pebble.stderr]) {
      stream.on('data', (data) => { this.output = (this.output + data).slice(-100_000); });
    }
    this.processes.push(pebble);
  }

  /** Starts it anew: it knows no account any more. */
  async restart() {
    await end(this.processes.pop());
    this.launch();
    await this.#ready();
  }

  async #ready() {
    await until('pebble answers', async () => (await request(this.directory).catch(() => ({}))).status === 200);
  }

  get directory() {
    return `https://localhost:${this.port}/dir`;
  }

  /** Kaigi's arguments for certificates from here. */
  args(...hosts) {
    return [...hosts.flatMap((host) => ['--acme', host]), '--acme-directory', this.directory, '--acme-ca', this.authority.certificate];
  }

  /** The root of what it issues, which is another one at every start. */
  async root() {
    return (await request(`https://localhost:${this.management}/roots/0`)).body;
  }

  /** Lets the DNS fail for a name. */
  async forget(host) {
    const { status } = await request(`http://127.0.0.1:${this.names}/set-servfail`, { method: 'POST', body: JSON.stringify({ host: `${host}.` }) });
    if (status !== 200) throw new Error(`the DNS does not forget: ${status}`);
  }

  async stop() {
    for (const process of this.processes) await end(process);
    this.authority.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function end(process) {
  if (process.exitCode !== null || process.signalCode !== null) return;
  process.kill();
  await once(process, 'exit');
}
