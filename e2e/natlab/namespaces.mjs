// Network namespaces (and folders) that never outlive the process that made them: each bears its process in its
// name, and what a crashed run left behind goes with the next run.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'kaigi-lab';
/** Files here are seen as /etc/hosts and /etc/resolv.conf by programs in the namespace (ip-netns(8)). */
const ETC = '/etc/netns';

const living = new Set();
const folders = new Set();

/** Why there can be no lab here; undefined where there can. */
export function unsupported() {
  if (process.platform !== 'linux') return 'network namespaces are a feature of Linux';
  if (process.getuid() !== 0) return 'making network namespaces takes root';
  for (const program of ['ip', 'nft', 'openssl', 'certutil']) {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    } catch {
      return `${program} is missing; scripts/setup-test installs it`;
    }
  }
  try {
    const trial = new Namespace('trial');
    trial.nft('table ip trial { chain out { type nat hook postrouting priority srcnat; masquerade fully-random; }; }');
    trial.destroy();
  } catch (error) {
    destroyAll();
    return `network namespaces with NAT are not permitted here (${`${error.stderr ?? error}`.trim().split('\n')[0]})`;
  }
  return undefined;
}

/** A machine of the lab. */
export class Namespace {
  /** `hosts` are the names its programs can resolve; there is no other DNS. */
  constructor(role, hosts = {}) {
    watchForTheEnd();
    this.name = owned(role);
    // With the dot too: Chromium's ICE looks up no name without it, so that no search domain is tried.
    const lines = Object.entries({ localhost: ['127.0.0.1', '::1'], ...hosts })
      .flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name} ${name}.\n`));
    mkdirSync(`${ETC}/${this.name}`, { recursive: true });
    writeFileSync(`${ETC}/${this.name}/hosts`, lines.join(''));
    writeFileSync(`${ETC}/${this.name}/resolv.conf`, 'nameserver 127.0.0.1\n');
    living.add(this.name);
    run('ip', ['netns', 'add', this.name]);
    // An address that becomes usable a second later is a change of network to Chromium: it would drop requests.
    this.sysctl('net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0');
    this.ip('link set lo up');
  }

  /** One `ip` command a line. */
  ip(lines) {
    run('ip', ['-n', this.name, '-batch', '-'], trimmed(lines));
  }

  nft(ruleset) {
    run('ip', ['netns', 'exec', this.name, 'nft', '-f', '-'], ruleset);
  }

  tc(...words) {
    run('ip', ['netns', 'exec', this.name, 'tc', ...words]);
  }

  sysctl(...settings) {
    run('ip', ['netns', 'exec', this.name, 'sysctl', '-qw', ...settings]);
  }

  /** Starts a program in here. */
  spawn(command, args, options) {
    return spawn('ip', ['netns', 'exec', this.name, command, ...args], options);
  }

  destroy() {
    destroy(this.name);
  }
}

/** An empty folder. */
export function scratchFolder() {
  watchForTheEnd();
  const folder = mkdtempSync(join(tmpdir(), owned('')));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(folder);
}

function owned(what) {
  return `${PREFIX}-${process.pid}.${startOf(process.pid)}-${what}`;
}

function run(command, args, input = '') {
  return execFileSync(command, args, { input, stdio: ['pipe', 'pipe', 'pipe'], encoding: 'utf8' });
}

function trimmed(lines) {
  return lines.split('\n').map((line) => line.trim()).filter(Boolean).join('\n') + '\n';
}

/** Ends what runs in the namespace, which only the lab can have started, and removes it. */
function destroy(name) {
  for (const pid of attempt(() => run('ip', ['netns', 'pids', name]))?.split('\n').filter(Boolean) ?? []) {
    attempt(() => process.kill(Number(pid), 'SIGKILL'));
  }
  attempt(() => run('ip', ['netns', 'delete', name]));
  rmSync(`${ETC}/${name}`, { recursive: true, force: true });
  living.delete(name);
}

function destroyAll() {
  for (const name of [...living]) destroy(name);
  for (const folder of [...folders]) attempt(() => removeFolder(folder));
}

let watching = false;
function watchForTheEnd() {
  if (watching) return;
  watching = true;
  sweep();
  process.on('exit', destroyAll);
  for (const [signal, number] of [['SIGHUP', 1], ['SIGINT', 2], ['SIGTERM', 15]]) {
    process.on(signal, () => process.exit(128 + number));
  }
}

/** Removes what belongs to a process that is no more. */
function sweep() {
  const orphans = (folder) => (attempt(() => readdirSync(folder)) ?? []).filter((name) => {
    const [, pid, start] = new RegExp(`^${PREFIX}-(\\d+)\\.(\\d+)-`).exec(name) ?? [];
    return pid && startOf(pid) !== start;
  });
  for (const name of new Set(['/run/netns', ETC].flatMap(orphans))) destroy(name);
  for (const name of orphans(tmpdir())) attempt(() => removeFolder(join(tmpdir(), name)));
}

/** When a process began (proc(5), field 22): tells it from a later one with the same number. */
function startOf(pid) {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}
