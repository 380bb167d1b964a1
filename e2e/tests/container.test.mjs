// What the container image does, without Docker: its files, command, user and health check from deploy/Dockerfile, on a root
// that is read-only, without any privilege.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binary, freePort, request, until } from '../lib/server.mjs';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const dockerfile = readFileSync(join(deploy, 'Dockerfile'), 'utf8');
/** The last value of an instruction, in the final image. */
const instruction = (name) => dockerfile.match(new RegExp(`^${name} (.*)$`, 'm'))[1];
const user = instruction('USER');
const [entrypoint, command] = [instruction('ENTRYPOINT'), instruction('CMD')].map(JSON.parse);
const check = JSON.parse(dockerfile.match(/^HEALTHCHECK .*CMD (\[.*\])$/m)[1]);
const data = instruction('VOLUME');

const cannot = process.getuid() !== 0 || spawnSync('unshare', ['--mount', 'true']).status !== 0;
const skip = cannot && 'needs to be root, and mounts of its own';

/** Runs something in the image: mounts of its own, nothing but the data folder to write to. */
function inImage(root, volume, environment, args) {
  const script = `
    mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && mount --bind "$2" "$1${data}" && shift 2 \
      && root=$1 && shift && exec setpriv --no-new-privs chroot --userspec=${user} --groups= "$root" "$@"`;
  const env = { [instruction('ENV').split('=')[0]]: data, ...environment };
  return spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', root, volume, root, ...args], { env: { PATH: process.env.PATH, ...env } });
}

async function run(...args) {
  const child = inImage(...args);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output += data; });
  const [code] = await once(child, 'exit');
  return { code, output };
}

describe('the image', { skip, timeout: 60_000 }, () => {
  let root, volume, server, environment, url;
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'kaigi-image-'));
    volume = mkdtempSync(join(tmpdir(), 'kaigi-volume-'));
    chmodSync(root, 0o755);
    execFileSync(join(deploy, 'make-root'), [binary, root]);
    // As Docker does with a new volume: with the owner of the folder in the image.
    chownSync(volume, ...user.split(':').map(Number));
    const port = await freePort();
    url = `https://127.0.0.1:${port}`;
    environment = { KAIGI_LISTEN: `127.0.0.1:${port}` };
    server = inImage(root, volume, environment, [...entrypoint, ...command]);
    let said = '';
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => { said = (said + data).slice(-5_000); });
    await until('it is ready', async () => {
      assert.equal(server.exitCode, null, said);
      return (await request(`${url}/readyz`).catch(() => ({}))).status === 200;
    });
  });
  after(() => {
    server?.kill('SIGKILL');
    for (const folder of [root, volume]) if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('serves without privileges and writes to its volume only', async () => {
    assert.equal((await request(`${url}/`)).status, 200);
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:\\s+${user.split(':')[0]}\\s`, 'm'));
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.ok(readdirSync(volume).includes('secret.key'));
    assert.deepEqual(readdirSync(join(root, data)), [], 'nothing beside the volume');
  });

  it('says by its health check that it is well, and when it is not', async () => {
    assert.deepEqual(await run(root, volume, environment, check), { code: 0, output: '' });
    server.kill('SIGTERM');
    const [code] = await once(server, 'exit');
    assert.equal(code, 0);
    const ill = await run(root, volume, environment, check);
    assert.equal(ill.code, 1);
    assert.match(ill.output, /healthz/);
  });
});

describe('whoever stops the container', () => {
  it('waits for longer than a drain takes', () => {
    const read = (name) => readFileSync(join(deploy, name), 'utf8');
    const seconds = (text, pattern) => Number(text.match(pattern)[1]);
    const [compose, kubernetes] = [read('compose.yaml'), read('kubernetes.yaml')];
    const settings = readFileSync(join(deploy, '../kaigi.example.toml'), 'utf8');
    const lastWords = 1;
    const drain = seconds(settings, /^#drain-timeout = (\d+)$/m);
    assert.ok(seconds(compose, /stop_grace_period: (\d+)s/) > drain + lastWords);
    const there = seconds(kubernetes, /KAIGI_DRAIN_TIMEOUT, value: "(\d+)"/) + seconds(kubernetes, /sleep: \{ seconds: (\d+) \}/);
    assert.ok(seconds(kubernetes, /terminationGracePeriodSeconds: (\d+)/) > there + lastWords);
  });
});
