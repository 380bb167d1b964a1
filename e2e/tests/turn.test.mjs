// The TURN server on the one port, driven by coturn's own client and by browsers that may use nothing else.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { launch } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const run = promisify(execFile);

describe('the TURN server', () => {
  let server;
  before(async () => {
    server = await Server.start(['--turn-user', 'ann:secret', '--turn-secret', 'shared']);
  });
  after(() => server?.stop());

  /** coturn's client: two clients that talk to each other through their relays. */
  async function uclient(name, password, ...options) {
    const args = ['-y', '-u', name, '-w', password, '-p', String(server.port), '-n', '20', '-m', '2', ...options, '127.0.0.1'];
    const { stdout, stderr, code = 0 } = await run('turnutils_uclient', args, { timeout: 60_000 }).catch((error) => error);
    return { code, output: `${stdout}${stderr}` };
  }

  for (const [what, ...options] of [
    ['UDP with channels', '-c'],
    ['UDP with Send and Data indications', '-c', '-s'],
    ['TCP', '-c', '-t'],
    ['TLS', '-c', '-t', '-S'],
    ['TLS with indications', '-c', '-t', '-S', '-s'],
  ]) {
    it(`relays for turnutils_uclient over ${what} without loss`, async () => {
      const { code, output } = await uclient('ann', 'secret', ...options);
      assert.equal(code, 0, output);
      assert.match(output, /tot_send_msgs=40, tot_recv_msgs=40/);
      assert.match(output, /Total lost packets 0 /);
    });
  }

  it('takes credentials minted with the shared secret, until they expire', async () => {
    const mint = (expiry) => {
      const name = `${expiry}:bob`;
      return [name, createHmac('sha1', 'shared').update(name).digest('base64')];
    };
    const now = Math.floor(Date.now() / 1000);
    const { code, output } = await uclient(...mint(now + 600), '-c');
    assert.equal(code, 0, output);
    assert.notEqual((await uclient(...mint(now - 600), '-c')).code, 0);
    assert.notEqual((await uclient('ann', 'wrong', '-c')).code, 0);
  });

  it('connects two peers of a browser that may use nothing but the relay, over UDP and TCP', async () => {
    const browser = await launch();
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(server.url);
    for (const transport of ['udp', 'tcp']) {
      const relayed = await server.metric('kaigi_turn_relayed_bytes_total');
      const got = await page.evaluate(async ({ port, transport }) => {
        const urls = [`turn:127.0.0.1:${port}?transport=${transport}`];
        const config = { iceServers: [{ urls, username: 'ann', credential: 'secret' }], iceTransportPolicy: 'relay' };
        const [a, b] = [new RTCPeerConnection(config), new RTCPeerConnection(config)];
        a.onicecandidate = ({ candidate }) => candidate && b.addIceCandidate(candidate);
        b.onicecandidate = ({ candidate }) => candidate && a.addIceCandidate(candidate);
        const channel = a.createDataChannel('data');
        const received = new Promise((resolve) => {
          b.ondatachannel = (event) => { event.channel.onmessage = ({ data }) => resolve(data.length); };
        });
        channel.onopen = () => channel.send('x'.repeat(50_000));
        await a.setLocalDescription();
        await b.setRemoteDescription(a.localDescription);
        await b.setLocalDescription();
        await a.setRemoteDescription(b.localDescription);
        const length = await received;
        const stats = [...(await a.getStats()).values()];
        const pair = stats.find((report) => report.type === 'candidate-pair' && report.nominated);
        const kind = stats.find((report) => report.id === pair.localCandidateId);
        a.close();
        b.close();
        return { length, type: kind.candidateType, protocol: kind.relayProtocol };
      }, { port: server.port, transport });
      assert.deepEqual(got, { length: 50_000, type: 'relay', protocol: transport });
      await until('the metrics show it', async () =>
        (await server.metric('kaigi_turn_relayed_bytes_total')) > relayed + 50_000);
    }
    await browser.close();
  });

  it('reaches no peer that is its own machine or private', async () => {
    const { output } = await run('turnutils_uclient', ['-c', '-u', 'ann', '-w', 'secret', '-p', String(server.port), '-n', '1',
      '-m', '1', '-e', '127.0.0.1', '-r', '9', '127.0.0.1'], { timeout: 30_000 }).catch((error) => ({ output: `${error.stdout}${error.stderr}` }));
    assert.match(output, /403/);
  });
});
