// What /metrics tells of a call that goes through the server.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fakeMedia, join, launch, people, quiet } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const PATIENCE_MS = 60_000;

describe('the metrics of a call of three', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch({ args: [...quiet, ...fakeMedia] });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('move, in total and for its room', async () => {
    const contexts = await people(browser, 3, { viewport: { width: 640, height: 480 } });
    for (const [index, name] of ['Ann', 'Bob', 'Cyd'].entries()) await join(contexts[index], server, 'counted', name);
    const forwarded = { what: 'forwarded' };
    // Six pictures begin with keyframes that are there or are asked for; for larger layers they are asked for.
    await until('media is forwarded, in larger layers too', async () => {
      const metric = await server.metrics();
      return metric('kaigi_sfu_packets_total', forwarded) > 500
        && metric('kaigi_sfu_layer_switches_total') >= 6
        && metric('kaigi_sfu_keyframe_requests_total', { who: 'server' }) > 0;
    }, PATIENCE_MS);
    const metric = await server.metrics();
    assert.equal(metric('kaigi_sfu_sessions'), 3);
    assert.ok(metric('kaigi_sfu_bytes_total', forwarded) > 50_000);
    assert.ok(metric('kaigi_sfu_packets_total', { what: 'received' }) > 100);
    assert.ok(metric('kaigi_sfu_estimate_bits_per_second', { which: 'lowest' }) >= 50_000);
    assert.equal(metric('kaigi_sfu_queue_drops_total'), 0);

    const [p50, p99] = ['0.5', '0.99'].map((quantile) => metric('kaigi_media_batch_seconds_quantile', { quantile }));
    assert.ok(p50 > 0 && p99 >= p50 && p99 < 1, `batches take ${p50} and ${p99} s`);
    assert.ok(metric('kaigi_media_batch_seconds_count') > 100);
    assert.ok(metric('kaigi_media_batch_seconds_sum') > 0);

    const { body } = await server.get('/metrics');
    // Nothing need be lost here, but it would be counted.
    for (const name of [
      'lost_packets_total{direction="up"}', 'lost_packets_total{direction="down"}', 'missed_packets_total',
      'nacked_packets_total{answered="yes"}', 'nacked_packets_total{answered="no"}',
    ]) assert.ok(body.includes(`kaigi_sfu_${name} `), name);
    const room = /kaigi_sfu_room_sessions\{room="(\d+)"\} 3\n/.exec(body)?.[1];
    assert.ok(room, body);
    assert.ok(metric('kaigi_sfu_room_forwarded_packets_total', { room }) > 500);
    assert.ok(metric('kaigi_sfu_room_estimate_lowest_bits_per_second', { room }) >= 50_000);
    assert.doesNotMatch(body, /counted/, 'a name of a room is a key to it');
    for (const context of contexts) await context.close();
  });
});
