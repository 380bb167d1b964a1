// The page `/test`: what works from here, why the rest does not, and whom to ask for what.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import puppeteer from 'puppeteer-core';
import { Authority } from '../lib/authority.mjs';
import { fakeMedia, join, launch, noErrors, people, person, quiet } from '../lib/browser.mjs';
import { tcpOnly } from '../lib/proxy.mjs';
import { Server, until } from '../lib/server.mjs';

/** The test itself ends within 25 s; a busy machine may take its time to say so. */
const ends = { timeout: 40_000 };
const clipboard = { permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'] };
const steps = ['Secure page', 'Camera and microphone', 'WebSocket', 'Long polling', 'STUN over UDP', 'TURN over UDP',
  'TURN over TCP', 'TURN over TLS', 'Relay over UDP', 'Relay over TCP', 'Relay over TLS'];

const step = (page, name) => page.getByRole('group', { name, exact: true });
const result = (page) => page.getByRole('status', { name: 'Result' }).textContent();
const ended = (page) => page.getByRole('button', { name: 'Test again' }).waitFor(ends);
const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

/** What each step says of itself, e.g. `OK`. */
async function states(page) {
  const read = await Promise.all(steps.map(async (name) => {
    const text = await step(page, name).locator('.test-step-state').textContent();
    return [name, text];
  }));
  return Object.fromEntries(read);
}

/** Through each relay packets came, and no more than a few were lost. How fast says more about the machine. */
async function measured(page, names) {
  for (const name of names) {
    const figures = await step(page, name).locator('dl').textContent();
    const [, milliseconds, , loss, rate, unit] =
      /Round trip([\d,]+) msJitter([\d,]+) msLoss([\d.]+)%Throughput(?:> )?([\d.]+) ([MK]bit\/s)/i.exec(figures) ?? [];
    assert.ok(Number(milliseconds) > 0 && Number(loss) < 50 && Number(rate) > 0 && unit, `${name}: ${figures}`);
  }
}

describe('the connection test', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('finds that calls work, and explains what a certificate that was clicked through does not do', async () => {
    const context = await person(browser, { ...clipboard, ignoreHTTPSErrors: false });
    const page = await context.newPage();
    await page.goto(`${server.url}/test?lang=en`).catch((error) => assert.match(error.message, /ERR_CERT_AUTHORITY_INVALID/));
    await page.locator('#details-button').click();
    await page.locator('#proceed-link').click();
    await page.getByRole('progressbar', { name: 'Progress of the test' }).waitFor();
    await ended(page);

    const { 'Relay over UDP': udp, 'Relay over TCP': tcp, ...others } = await states(page);
    assert.deepEqual(others, {
      'Secure page': 'Warning',
      'Camera and microphone': 'OK',
      'WebSocket': 'OK',
      'Long polling': 'OK',
      'STUN over UDP': 'OK',
      'TURN over UDP': 'OK',
      'TURN over TCP': 'OK',
      'TURN over TLS': 'Warning',
      'Relay over TLS': 'Not tested',
    });
    // A busy machine may be slow, but not cut off.
    for (const state of [udp, tcp]) assert.match(state, /OK|Warning/);
    await measured(page, ['Relay over UDP', 'Relay over TCP']);
    assert.match(await result(page), /directly over UDP|connection is poor/);
    assert.match(await step(page, 'Secure page').textContent(), /does not trust the server’s certificate/);
    assert.match(await step(page, 'TURN over TLS').textContent(), /does not trust the server’s certificate.*no such exception/);
    const request = page.getByRole('article', { name: 'For whoever runs this server' });
    assert.match(await request.textContent(), /Please give localhost a certificate that browsers trust/);

    // The report names an address of the user only when told to.
    const address = /sees it: (\S+?)OK/.exec(await step(page, 'STUN over UDP').textContent())[1];
    await page.getByRole('button', { name: 'Copy report' }).click();
    const report = await until('the report is copied', () => copied(page));
    assert.match(report, new RegExp(`Server: localhost, port ${server.port}`));
    assert.match(report, /Browser: Chrome \d+, Linux\n/);
    assert.match(report, /TURN over TLS: Warning – .*certificate/);
    assert.match(report, /STUN over UDP: OK – .*\(address left out\)/);
    assert.ok(!report.includes(`sees it: ${address}`));
    await page.getByRole('checkbox', { name: `Include my address ${address}` }).check();
    await page.getByRole('button', { name: /Copy report|Copied/ }).last().click();
    await until('the address is in it', async () => (await copied(page)).includes(`sees it: ${address}`));
    noErrors(context);
    await context.close();
  });

  it('finds that all works with a certificate that the browser trusts', async () => {
    const authority = new Authority();
    let trusting, own;
    try {
      own = await Server.start(authority.issue(['DNS:localhost']));
      trusting = await launch({ env: { ...process.env, HOME: authority.home() } });
      const page = await (await person(trusting, { ignoreHTTPSErrors: false })).newPage();
      await page.goto(`${own.url}/test?lang=en`);
      await ended(page);
      const { 'Relay over UDP': udp, 'Relay over TCP': tcp, 'Relay over TLS': tls, ...others } = await states(page);
      assert.deepEqual([...new Set(Object.values(others))], ['OK']);
      for (const state of [udp, tcp, tls]) assert.match(state, /OK|Warning/);
      await measured(page, ['Relay over UDP', 'Relay over TCP', 'Relay over TLS']);
      assert.match(await step(page, 'Secure page').textContent(), /a certificate this browser trusts/);
      assert.equal(await page.getByRole('article').count(), 0);
    } finally {
      await trusting?.close();
      await own?.stop();
      authority.remove();
    }
  });

  it('explains a network that blocks UDP, and says what to ask for', async () => {
    const firewall = await tcpOnly(server.port);
    const context = await person(browser, clipboard);
    try {
      const page = await context.newPage();
      await page.goto(`${firewall.url}/test?lang=en`);
      await ended(page);
      const seen = await states(page);
      assert.equal(seen['STUN over UDP'], 'Failed');
      assert.equal(seen['TURN over UDP'], 'Failed');
      assert.equal(seen['TURN over TCP'], 'OK');
      assert.equal(seen['Relay over UDP'], 'Not tested');
      await measured(page, ['Relay over TCP']);
      assert.match(await result(page), /through the server over TCP|connection is poor/);
      const { port } = firewall;
      assert.match(await step(page, 'STUN over UDP').textContent(),
        new RegExp(`Your network blocks UDP to port ${port}; calls work over TCP, with more delay`));
      const request = page.getByRole('article', { name: 'For your network’s administrator' });
      await request.getByRole('button', { name: 'Copy' }).click();
      await until('the request is copied', async () =>
        (await copied(page)).startsWith(`Please allow outgoing UDP from our network to localhost, port ${port}, and the answers`));
      await page.getByRole('button', { name: 'Copy report' }).click();
      const report = await until('the report is copied', async () => {
        const text = await copied(page);
        return text.startsWith('Kaigi') && text;
      });
      assert.match(report, /Result: Calls work from here, through the server over TCP|connection is poor/);
      assert.match(report, new RegExp(`STUN over UDP: Failed – Your network blocks UDP to port ${port}`));
      assert.match(report, new RegExp(`For your network’s administrator\n {2}Please allow outgoing UDP .* port ${port}`));
    } finally {
      await context.close();
      firewall.stop();
    }
  });

  it('tells a browser that forbids UDP from a network that blocks it', async () => {
    const forbidding = await launch({ args: [...quiet, ...fakeMedia, '--webrtc-ip-handling-policy=disable_non_proxied_udp'] });
    try {
      const page = await (await person(forbidding)).newPage();
      await page.goto(`${server.url}/test?lang=en`);
      await ended(page);
      assert.match(await step(page, 'STUN over UDP').textContent(), /Your browser lets no page use UDP/);
      assert.equal((await states(page))['TURN over TCP'], 'OK');
      await page.getByRole('article', { name: 'For whoever sets up this browser' }).waitFor();
      assert.equal(await page.getByRole('article', { name: 'For your network’s administrator' }).count(), 0);
    } finally {
      await forbidding.close();
    }
  });

  it('notices that the server stops in the middle of it', async () => {
    const mortal = await Server.start();
    const context = await person(browser);
    try {
      const page = await context.newPage();
      await page.goto(`${mortal.url}/test?lang=en`);
      await until('packets pass through the relay', async () =>
        (await mortal.metric('kaigi_turn_relayed_packets_total')) > 200);
      await mortal.end('SIGKILL');
      await ended(page);
      assert.match(await result(page), /The server stopped answering during the test/);
      assert.match(await step(page, 'Relay over UDP').textContent(), /Failed|OK/);
      assert.equal((await states(page))['Relay over TLS'], 'Not tested');
    } finally {
      await context.close();
      await mortal.stop();
    }
  });

  it('is stopped and started again from the keyboard, and asks for devices only when told to', async () => {
    const context = await person(browser);
    await context.addInitScript(() => {
      const { mediaDevices } = navigator;
      if (!mediaDevices) return; // about:blank
      const ask = mediaDevices.getUserMedia.bind(mediaDevices);
      window.asked = 0;
      mediaDevices.getUserMedia = (constraints) => {
        window.asked += 1;
        return ask(constraints);
      };
    });
    const page = await context.newPage();
    await page.goto(`${server.url}/test?lang=en`);
    await page.getByRole('button', { name: 'Stop' }).focus();
    await page.keyboard.press('Enter');
    await ended(page);
    assert.match(await result(page), /The test was stopped/);
    assert.equal(await page.evaluate(() => window.asked), 0);

    await page.getByRole('button', { name: 'Try them' }).click();
    await until('the picture shows', () => page.getByLabel('Your own picture').evaluate((video) => video.videoWidth > 0));
    const level = page.getByRole('meter', { name: 'Microphone level' });
    await until('the fake microphone beeps', async () => Number(await level.getAttribute('aria-valuenow')) > 0);
    await step(page, 'Camera and microphone').getByRole('button', { name: 'Stop' }).click();

    await page.getByRole('button', { name: 'Test again' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('progressbar').waitFor();
    const button = page.getByRole('button', { name: 'Stop' });
    assert.ok(await button.evaluate((element) => element === document.activeElement), 'the focus stays');
    await ended(page);
    assert.doesNotMatch(await result(page), /stopped/);
    noErrors(context);
    await context.close();
  });

  for (const [colorScheme, lang, viewport] of [
    ['light', 'en', { width: 1280, height: 800 }],
    ['dark', 'zh-CN', { width: 390, height: 844 }],
  ]) {
    it(`has no serious accessibility violation (${colorScheme}, ${lang})`, async () => {
      const firewall = await tcpOnly(server.port);
      const context = await person(browser, { colorScheme, viewport });
      try {
        const page = await context.newPage();
        await page.goto(`${firewall.url}/test?lang=${lang}`);
        await page.getByRole('progressbar').waitFor();
        await accessible(page, 'running');
        await page.getByRole('textbox').waitFor(ends);
        await accessible(page, 'ended');
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${wide} pixels stick out`);
      } finally {
        await context.close();
        firewall.stop();
      }
    });
  }

  it('is a click away from the start page, and from a meeting in a tab of its own', async () => {
    const [ann] = await people(browser, 1);
    const page = await ann.newPage();
    await page.goto(`${server.url}/?lang=en`);
    await page.getByRole('link', { name: 'Test the connection' }).click();
    await page.waitForURL(/\/test\?lang=en$/);
    await page.getByRole('heading', { name: 'Connection test' }).waitFor();
    const meeting = await join(ann, server, 'tested', 'Ann');
    await meeting.getByRole('button', { name: 'Connection details' }).click();
    const [test] = await Promise.all([
      ann.waitForEvent('page'),
      meeting.getByRole('link', { name: 'Test the connection' }).click(),
    ]);
    await test.getByRole('heading', { name: 'Connection test' }).waitFor();
    await meeting.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    await ann.close();
  });

  it('is offered where the server cannot be joined', async () => {
    const [ann] = await people(browser, 1);
    const page = await ann.newPage();
    await page.route('**/socket.io/**', (route) => route.abort());
    await page.goto(`${server.url}/r/blocked?lang=en&name=Ann`);
    await page.getByRole('button', { name: 'Join now' }).click();
    await page.getByRole('alert').getByRole('link', { name: 'Test the connection' }).click(ends);
    await page.getByRole('heading', { name: 'Connection test' }).waitFor();
    await ann.close();
  });

  it('works in Firefox', async () => {
    const executablePath = process.env.FIREFOX
      ?? execFileSync('sh', ['-c', 'command -v firefox-esr || command -v firefox']).toString().trim();
    const firefox = await puppeteer.launch({
      browser: 'firefox',
      executablePath,
      acceptInsecureCerts: true,
      extraPrefsFirefox: { 'media.peerconnection.ice.loopback': true },
    });
    try {
      const page = await firefox.newPage();
      await page.goto(`${server.url}/test?lang=en`);
      await page.locator('::-p-aria([name="Test again"][role="button"])').setTimeout(ends.timeout).wait();
      const read = () => page.evaluate(() => Object.fromEntries(
        [...document.querySelectorAll('.test-step')].map((element) =>
          [element.getAttribute('aria-label'), element.querySelector('.test-step-state').textContent])));
      const seen = await read();
      for (const name of ['WebSocket', 'Long polling', 'STUN over UDP', 'TURN over UDP', 'TURN over TCP']) {
        assert.equal(seen[name], 'OK', JSON.stringify(seen));
      }
      for (const name of ['Relay over UDP', 'Relay over TCP']) assert.match(seen[name], /OK|Warning/);
    } finally {
      await firefox.close();
    }
  });

  async function accessible(page, view) {
    await page.waitForTimeout(400); // animations end: axe reads colours as they are drawn
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
    assert.deepEqual(serious.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0].html.slice(0, 160)}`), []);
  }
});
