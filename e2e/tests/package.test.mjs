// The SDK as npm packs it: installed into a folder of its own, with the examples built against it and meeting in it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { launch, people } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const tools = path(root, 'web/node_modules');
const sdk = path(root, 'web/sdk');
/** What the examples want besides the package: taken from what is installed for the web client. */
const LENT = ['react', 'react-dom', '@types/react', '@types/react-dom', 'vite', '@vitejs/plugin-react', 'typescript'];
const EXAMPLES = ['plain', 'react'];

describe('the SDK as a package', () => {
  let folder, installed;
  before(async () => {
    folder = mkdtempSync(path(tmpdir(), 'kaigi-package-'));
    const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: sdk });
    // The build, which packing begins with, says things of its own first.
    const [{ filename }] = JSON.parse(stdout.slice(stdout.search(/^\[/m)));
    writeFileSync(path(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--silent'];
    await run('npm', ['install', path(folder, filename), ...quiet], { cwd: folder });
    installed = path(folder, 'node_modules/@kaigi/client');
    for (const name of LENT) {
      mkdirSync(path(folder, 'node_modules', name, '..'), { recursive: true });
      symlinkSync(path(tools, name), path(folder, 'node_modules', name));
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const bundle = (cwd, ...args) => run(path(tools, '.bin/vite'), ['build', '--base', './', '--logLevel', 'error', ...args], { cwd });
  const scripts = (dist) =>
    readdirSync(path(dist, 'assets')).filter((name) => name.endsWith('.js')).map((name) => readFileSync(path(dist, 'assets', name), 'utf8')).join('');
  /** Builds a page with this script alone; what the browser would load of it. */
  async function pageOf(name, script) {
    const cwd = path(folder, name);
    mkdirSync(cwd);
    writeFileSync(path(cwd, 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>');
    writeFileSync(path(cwd, 'main.js'), script);
    await bundle(cwd);
    return scripts(path(cwd, 'dist'));
  }

  it('holds what a package should, and nothing that leads out of it', async () => {
    const files = readdirSync(installed, { recursive: true }).map(String);
    for (const name of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'api.md', 'dist/esm/index.js', 'dist/types/embed.d.ts'])
      assert.ok(files.includes(name), name);
    assert.deepEqual(files.filter((name) => /^(?:src|test|node_modules)\b|kaigi-client\.js/.test(name)), []);
    const manifest = JSON.parse(readFileSync(path(installed, 'package.json'), 'utf8'));
    assert.equal(manifest.sideEffects, false);
    for (const entry of Object.values(manifest.exports).flatMap(Object.values)) assert.ok(files.includes(entry.slice(2)), entry);
    for (const name of files.filter((name) => /\.(?:js|d\.ts)$/.test(name))) {
      const text = readFileSync(path(installed, name), 'utf8');
      for (const [, to] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)['"]/g)) {
        assert.match(to, /\.js$/, `${name} imports ${to}`);
      }
    }
    // Node itself finds all modules, and so does TypeScript with Node's rules.
    const names = await run('node', ['-e', 'import("@kaigi/client").then((sdk) => console.log(Object.keys(sdk).join()))'], { cwd: folder });
    assert.match(names.stdout, /createLocalMedia,.*joinRoom/);
    writeFileSync(path(folder, 'strict.ts'), `
      import { joinRoom } from '@kaigi/client';
      import { embedMeeting } from '@kaigi/client/embed';
      export const wrong: number = joinRoom('/', { room: 'a', name: 'b' });
      export const alsoWrong: number = embedMeeting(document.body, { server: '/', room: 'a' });
    `);
    const compilerOptions = { noEmit: true, strict: true, module: 'nodenext', target: 'es2022', lib: ['es2023', 'dom'], types: [] };
    writeFileSync(path(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['strict.ts'] }));
    const { stdout } = await run(path(tools, '.bin/tsc'), ['-p', '.'], { cwd: folder }).then(
      () => assert.fail('the types are `any`'),
      (error) => error,
    );
    assert.deepEqual(stdout.match(/Type '\w+/g), ["Type 'Promise", "Type 'EmbeddedMeeting"], stdout);
  });

  it('costs a page what it uses of it', async () => {
    const small = await pageOf('small', "import { isSupported, newRoomName } from '@kaigi/client';\ndocument.title = newRoomName() + isSupported();");
    const embed = await pageOf('embed', "import { embedMeeting } from '@kaigi/client/embed';\nembedMeeting(document.body, { server: '/', room: 'a' });");
    const whole = await pageOf('whole', "import { joinRoom } from '@kaigi/client';\njoinRoom('/', { room: 'a', name: 'b' });");
    for (const [what, script] of Object.entries({ 'newRoomName and isSupported': small, embedMeeting: embed, joinRoom: whole }))
      console.log(`${what}: ${script.length} bytes, ${gzipSync(script).length} gzipped`);
    assert.ok(small.length < 2_000, `${small.length} bytes`);
    // Of which 0.7 kB are Vite's own, as in every page that it builds.
    assert.ok(embed.length < 3_700, `${embed.length} bytes`);
    for (const script of [small, embed]) assert.doesNotMatch(script, /socket\.io|engine\.io|RTCSessionDescription/);
    assert.match(whole, /socket\.io/);
  });

  describe('with the examples', () => {
    let server, browser;
    before(async () => {
      const site = path(folder, 'site');
      for (const name of EXAMPLES) {
        const cwd = path(folder, 'examples', name);
        cpSync(path(root, 'examples', name), cwd, { recursive: true });
        await run(path(tools, '.bin/tsc'), ['--noEmit'], { cwd }).catch(({ stdout }) => assert.fail(stdout));
        await bundle(cwd, '--outDir', path(site, name), '--emptyOutDir');
      }
      server = await Server.start(['--site-dir', site]);
      browser = await launch();
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    it('holds a meeting between a page without a framework and one in React', async () => {
      const pages = [];
      for (const [index, context] of (await people(browser, 2)).entries()) {
        const page = await context.newPage();
        await page.goto(`${server.url}/site/${EXAMPLES[index]}/`);
        await page.getByRole('textbox', { name: 'Room name' }).fill('packed');
        await page.getByRole('textbox', { name: 'Your name' }).fill(['Ann', 'Bob'][index]);
        await page.getByRole('button', { name: 'Join' }).click();
        pages.push(page);
      }
      for (const [index, page] of pages.entries()) {
        const video = page.getByLabel(['Bob', 'Ann'][index], { exact: true });
        await video.waitFor({ timeout: 30_000 });
        await until('the other’s video plays', () =>
          video.evaluate((element) => element.videoWidth > 0 && element.currentTime > 0.5), 30_000);
        assert.equal(await page.getByRole('status').textContent(), 'connected');
      }
      await pages[1].getByRole('button', { name: 'Leave' }).click();
      await pages[0].getByLabel('Bob', { exact: true }).waitFor({ state: 'detached' });
      for (const page of pages) assert.deepEqual(page.context().errors.filter((error) => !/favicon|404/.test(error)), []);
      for (const page of pages) await page.context().close();
    });
  });
});
