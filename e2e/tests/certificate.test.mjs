// Certificates as people and operators meet them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import tls from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { control, inbound, join, launch, people, receivesMedia, seesVideo } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

describe('a certificate', () => {
  let browser, folder;
  before(async () => {
    browser = await launch();
    folder = mkdtempSync(path(tmpdir(), 'kaigi-certificate-'));
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('that is self-signed is clicked through as a person does, and the call works', async () => {
    const server = await Server.start();
    try {
      // No flag and no option ignores certificate errors here.
      const contexts = await people(browser, 2, { ignoreHTTPSErrors: false });
      const pages = [];
      for (const [index, context] of contexts.entries()) {
        const page = await context.newPage();
        const name = ['Ann', 'Bob'][index];
        await page.goto(`${server.url}/r/trust?lang=en`).catch((error) => assert.match(error.message, /ERR_CERT_AUTHORITY_INVALID/));
        await page.locator('#details-button').click();
        await page.locator('#proceed-link').click();
        await page.getByRole('textbox', { name: 'Your name' }).fill(name);
        await page.getByRole('button', { name: 'Join now' }).click();
        pages.push(page);
      }
      await Promise.all([seesVideo(pages[0], 'Bob'), seesVideo(pages[1], 'Ann')]);
      await Promise.all(pages.map((page) => receivesMedia(page)));
      for (const context of contexts) await context.close();
    } finally {
      await server.stop();
    }
  });

  it('that is exchanged on disk is used without a restart and without dropping a call', async () => {
    const [cert, key] = [path(folder, 'c.pem'), path(folder, 'k.pem')];
    const make = (name) => execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert,
      '-nodes', '-days', '30', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'], { stdio: 'ignore' });
    make('first');
    const server = await Server.start(['--tls-cert', cert, '--tls-key', key]);
    try {
      const served = () => new Promise((resolve, reject) => {
        const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().subject.CN);
          socket.destroy();
        });
        socket.on('error', reject);
      });
      assert.equal(await served(), 'first');
      const [ann, bob] = await people(browser, 2);
      const annPage = await join(ann, server, 'exchange', 'Ann');
      const bobPage = await join(bob, server, 'exchange', 'Bob');
      await seesVideo(annPage, 'Bob');
      const before = await inbound(annPage);
      make('second');
      await until('the new certificate is served', async () => (await served()) === 'second', 20_000);
      await receivesMedia(annPage);
      assert.ok((await inbound(annPage)).framesDecoded > before.framesDecoded);
      await control(annPage, 'Chat').click();
      await annPage.getByRole('textbox', { name: 'Message' }).fill('over the old connection');
      await annPage.getByRole('button', { name: 'Send' }).click();
      await control(bobPage, 'Chat').click();
      await bobPage.getByText('over the old connection').waitFor();
      assert.equal(await annPage.getByText(/connection to the server is lost/).count(), 0);
      await Promise.all([ann.close(), bob.close()]);
    } finally {
      await server.stop();
    }
  });
});
