// Pebble, Let's Encrypt's test server, which really validates, with a DNS of its own in which every name leads to loopback.
import { execFileSync, spawn } from 'node:child_process';
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
    const [, certificate, , privateKey] = pebble.authority.issue(['DNS:localhost', 'IP:127.0.0.1']);
    writeFileSync(join(pebble.folder, 'config.json'), JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${pebble.port}`, managementListenAddress: `127.0.0.1:${pebble.management}`,
        certificate, privateKey, httpPort, tlsPort, ocspResponderURL: '', externalAccountBindingRequired: false,
        certificateValidityPeriod: validity, domainBlocklist: ['blocked.example.org'],
      },
    }));
    pebble.processes = [
      spawn('pebble-challtestsrv', ['-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', '-dns01', `127.0.0.1:${pebble.dns}`,
        '-management', `127.0.0.1:${pebble.names}`, '-http01', '', '-https01', '', '-tlsalpn01', ''], { stdio: 'ignore' }),
    ];
    pebble.launch();
    await until('pebble answers', async () => (await request(pebble.directory).catch(() => ({}))).status === 200);
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

  /** Lets a name lead elsewhere. */
  async leads(host, addresses) {
    const body = JSON.stringify({ host: `${host}.`, addresses });
    await request(`http://127.0.0.1:${this.names}/add-a`, { method: 'POST', body });
  }

  async stop() {
    for (const process of this.processes) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      process.kill();
      await once(process, 'exit');
    }
    this.authority.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a server's certificate file holds, by openssl. */
export function inspect(file) {
  return execFileSync('openssl', ['x509', '-in', file, '-noout', '-subject', '-serial', '-enddate', '-ext', 'subjectAltName']).toString();
}
