// A certificate authority for tests, and browsers that trust it as they would any other: no flag ignores an error.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Authority {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'kaigi-authority-'));
    this.certificate = join(this.folder, 'ca.pem');
    this.key = join(this.folder, 'ca.key');
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30',
      '-keyout', this.key, '-out', this.certificate, '-subj', '/CN=Kaigi test authority');
  }

  /** A server's arguments for a certificate with these names, such as `DNS:localhost`. */
  issue(names) {
    const [key, request, certificate, extensions] =
      ['leaf.key', 'leaf.csr', 'leaf.pem', 'leaf.ext'].map((name) => join(this.folder, name));
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
      '-keyout', key, '-out', request, '-subj', '/CN=Kaigi');
    writeFileSync(extensions, `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth\n`);
    openssl('x509', '-req', '-in', request, '-CA', this.certificate, '-CAkey', this.key, '-CAcreateserial',
      '-days', '30', '-extfile', extensions, '-out', certificate);
    return ['--tls-cert', certificate, '--tls-key', key];
  }

  /** A home folder for Chromium with this authority among those it trusts. */
  home(home = join(this.folder, 'home')) {
    this.#trust(join(home, '.pki', 'nssdb'));
    return home;
  }

  /** A profile for Firefox, likewise. */
  profile(profile = join(this.folder, 'profile')) {
    this.#trust(profile);
    return profile;
  }

  #trust(database) {
    mkdirSync(database, { recursive: true });
    execFileSync('certutil', ['-N', '-d', `sql:${database}`, '--empty-password']);
    execFileSync('certutil', ['-A', '-d', `sql:${database}`, '-n', 'test', '-t', 'C,,', '-i', this.certificate]);
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function openssl(...args) {
  execFileSync('openssl', args, { stdio: 'ignore' });
}
