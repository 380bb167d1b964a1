// A certificate authority for one run, which the lab's browsers trust as they trust any other: imported, not by
// a flag that ignores errors.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'Kaigi lab';

export class Authority {
  #folder;

  /** Keeps its files in `folder`. */
  constructor(folder) {
    this.#folder = folder;
    this.#openssl('req', '-x509', ...newKey('ca'), '-subj', `/CN=${NAME}`, '-days', '2', '-out', 'ca.pem',
      '-addext', 'keyUsage=critical,keyCertSign');
  }

  /** Paths of a certificate for a host name and of its key. */
  certify(host) {
    this.#openssl('req', ...newKey('server'), '-subj', `/CN=${host}`, '-out', 'server.csr');
    writeFileSync(join(this.#folder, 'server.ext'),
      `subjectAltName=DNS:${host}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`);
    this.#openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
      '-days', '2', '-extfile', 'server.ext', '-out', 'server.pem');
    return { certificate: join(this.#folder, 'server.pem'), key: join(this.#folder, 'server.key') };
  }

  /** Makes an NSS database that trusts the authority: Firefox's profile, or `~/.pki/nssdb` for Chromium. */
  trustIn(database) {
    mkdirSync(database, { recursive: true });
    const certutil = (...args) => execFileSync('certutil', ['-d', `sql:${database}`, ...args], { stdio: 'pipe' });
    certutil('-N', '--empty-password');
    certutil('-A', '-n', NAME, '-t', 'C,,', '-i', join(this.#folder, 'ca.pem'));
  }

  #openssl(...args) {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }
}

function newKey(name) {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`];
}
