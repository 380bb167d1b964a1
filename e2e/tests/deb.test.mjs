// The Debian package: what is in it; and with SLOW=1 its whole life under a real systemd in a container.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'node:test';
import { binary } from '../lib/server.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const sh = (line, options = {}) => execFileSync('bash', ['-euc', line], { encoding: 'utf8', ...options });

const build = async (folder, version) => {
  const env = { ...process.env, DEB_COMPRESSION: 'none' };
  return (await run(join(root, 'scripts/build-deb'), [binary, folder, ...(version ? [version] : [])], { env })).stdout.trim();
};

describe('the Debian package', () => {
  let folder, deb;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kaigi-deb-'));
    deb = await build(folder);
    sh(`dpkg-deb --extract '${deb}' '${folder}/tree' && dpkg-deb --control '${deb}' '${folder}/control'`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('says what it is and needs, and holds everything, of root’s and with the modes it should have', () => {
    const info = sh(`dpkg-deb --field '${deb}'`);
    const version = /^version = "(.*)"/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))[1];
    for (const line of [/^Package: kaigi$/m, new RegExp(`^Version: ${version}$`, 'm'), /^Depends: libc6 \(>= 2\.\d+\)/m]) {
      assert.match(info, line);
    }
    const contents = sh(`dpkg-deb --contents '${deb}'`);
    for (const [mode, file] of [
      ['-rwxr-xr-x', 'usr/bin/kaigi'], ['-rw-r-----', 'etc/kaigi/kaigi.toml'], ['-rw-r--r--', 'usr/lib/systemd/system/kaigi.service'],
      ['-rw-r--r--', 'usr/lib/sysusers.d/kaigi.conf'], ['-rw-r--r--', 'usr/lib/sysctl.d/60-kaigi.conf'],
      ['-rw-r--r--', 'usr/share/man/man1/kaigi.1.gz'], ['-rw-r--r--', 'usr/share/man/man1/kaigi-setup.1.gz'],
      ['-rw-r--r--', 'usr/share/bash-completion/completions/kaigi'], ['-rw-r--r--', 'usr/share/zsh/vendor-completions/_kaigi'],
      ['-rw-r--r--', 'usr/share/fish/vendor_completions.d/kaigi.fish'], ['-rw-r--r--', 'usr/share/doc/kaigi/kaigi.example.toml'],
    ]) {
      assert.ok(contents.split('\n').some((line) => line.startsWith(`${mode} root/root `) && line.endsWith(` ./${file}`)), `${file}\n${contents}`);
    }
    assert.equal(readFileSync(join(folder, 'control/conffiles'), 'utf8'), '/etc/kaigi/kaigi.toml\n');
    sh(`cd '${folder}/tree' && md5sum --quiet -c ../control/md5sums`);
    for (const script of ['postinst', 'prerm', 'postrm']) sh(`sh -n '${folder}/control/${script}'`);
  });

  it('has settings that are fine, and man pages and completions of the commands there are', () => {
    sh(`'${binary}' check --config '${folder}/tree/etc/kaigi/kaigi.toml'`);
    const man = sh(`zcat '${folder}/tree/usr/share/man/man1/kaigi.1.gz'`);
    for (const words of ['.TH kaigi 1', 'kaigi\\-setup(1)', '\\-\\-acme']) assert.ok(man.includes(words), words);
    assert.ok(!man.includes('kaigi\\-generate(1)'), 'what is hidden stays so');
    sh(`bash -n '${folder}/tree/usr/share/bash-completion/completions/kaigi'`);
    const completed = sh(`source '${folder}/tree/usr/share/bash-completion/completions/kaigi'
      COMP_WORDS=(kaigi se) COMP_CWORD=1; set +eu; _kaigi kaigi se kaigi; echo "\${COMPREPLY[*]}"`);
    assert.equal(completed.trim(), 'serve setup');
  });

  it('has a unit that exposes little', { skip: !existsSync('/usr/bin/systemd-analyze') }, () => {
    const judged = sh(`systemd-analyze security --no-pager --offline=true '${folder}/tree/usr/lib/systemd/system/kaigi.service'`);
    const exposure = Number(/Overall exposure level for kaigi.service: ([\d.]+)/.exec(judged)[1]);
    assert.ok(exposure < 2.5, `${exposure}`);
  });

  // A fresh Debian, once for all runs; two minutes with it, half a minute then.
  it('lives its whole life under systemd: installed, set up, restarted when it hangs, upgraded, removed, purged',
    { skip: !process.env.SLOW, timeout: 400_000 }, async () => {
      const machine = join(folder, 'machine');
      mkdirSync(machine);
      // The archive's own root is a temporary folder, which is its owner's alone.
      sh(`tar -xf '${debian()}' -C '${machine}' && chmod 0755 '${machine}'`);
      sh(`cp '${deb}' '${machine}/root/first.deb' && mv '${await build(folder, '99.0.0')}' '${machine}/root/second.deb'`);
      writeFileSync(join(machine, 'root/life'), readFileSync(join(root, 'e2e/clients/deb-life.sh')), { mode: 0o755 });
      writeFileSync(join(machine, 'etc/systemd/system/life.service'), `[Service]\nType=oneshot
ExecStart=/bin/bash /root/life\nStandardOutput=file:/root/said\nStandardError=inherit\nSuccessAction=poweroff-force\nFailureAction=poweroff-force
[Install]\nWantedBy=default.target\n`);
      sh(`mkdir -p '${machine}/etc/systemd/system/multi-user.target.wants'
        ln -s ../life.service '${machine}/etc/systemd/system/multi-user.target.wants/life.service'`);
      await run('systemd-nspawn', ['-D', machine, '--register=no', '--keep-unit', '--boot', '--private-network', '--machine=kaigi-test'],
        { timeout: 200_000, stdio: 'ignore' }).catch((error) => assert.ok(existsSync(join(machine, 'root/said')), error.message));
      const said = readFileSync(join(machine, 'root/said'), 'utf8');
      assert.match(said, /\nall is well\n$/, said);
      console.log(said);
    });
});

/** A fresh Debian with systemd, as an archive that is made once. */
function debian() {
  const archive = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kaigi-test', 'debian-systemd.tar');
  if (existsSync(archive)) return archive;
  const fresh = mkdtempSync(join(tmpdir(), 'kaigi-debian-'));
  try {
    sh(`debootstrap --variant=minbase --include=systemd,systemd-sysv,procps,iproute2,curl bookworm '${fresh}'
      mkdir -p "$(dirname '${archive}')" && tar -cf '${archive}.new' -C '${fresh}' . && mv '${archive}.new' '${archive}'`, { stdio: 'ignore' });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return archive;
}
