import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Devices } from '../src/local-media';
import { ParameterQueue } from '../src/sending/parameter-queue';
import type { SendLimit } from '../src/sending/types';
import { Client, connect } from './fakes/client';
import { settle } from './fakes/connection';
import { FakeMediaDevices } from './fakes/media-devices';
import { must } from './fakes/must';
import type { FakePeerConnection } from './fakes/peer-connection';
import { asReal, FakePeerConnection as Connection } from './fakes/peer-connection';
import { joined, participant } from './fakes/wire';

const [ANN, BOB] = [participant('ann'), participant('bob', { joinedAt: 1 })];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', EventTarget);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function call(): Promise<{ ann: Client; bob: Client }> {
  const bob = new Client();
  await bob.join(joined(BOB, []));
  const ann = new Client();
  await ann.join(joined(ANN, [BOB]));
  await bob.tell({ event: 'participant-joined', data: ANN });
  await connect(ann, bob);
  for (const { peer } of [ann, bob]) peer.become('connected');
  await settle();
  return { ann, bob };
}

const encodings = (peer: FakePeerConnection, slot: number) =>
  must(peer.getTransceivers()[slot]).sender.parameters.encodings;

describe("the camera's quality", () => {
  it('is asked of the open camera without opening it anew', async () => {
    const hardware = new FakeMediaDevices();
    const media = new Devices({}, hardware.asReal());
    await media.setCamera(true);
    await media.setQuality({ height: 180, frameRate: 15 });
    expect(hardware.opened).toHaveLength(1);
    expect(must(hardware.opened[0]).applied).toEqual({
      width: { ideal: 320 },
      height: { ideal: 180 },
      frameRate: { ideal: 15, max: 15 },
    });
    expect(media.quality).toEqual({ height: 180, frameRate: 15 });
    expect(media.state.camera).toBe(true);
  });

  it('opens it anew where the browser cannot change it', async () => {
    const hardware = new FakeMediaDevices();
    const media = new Devices({}, hardware.asReal());
    await media.setCamera(true);
    must(hardware.opened[0]).applyConstraints = () => Promise.reject(new Error('OverconstrainedError'));
    await media.setQuality({ height: 360 });
    expect(hardware.opened).toHaveLength(2);
    expect(hardware.live).toHaveLength(1);
  });

  it('is asked for from the start, and when the camera comes on later', async () => {
    const hardware = new FakeMediaDevices();
    const media = new Devices({ quality: { height: 360 } }, hardware.asReal());
    await media.setCamera(true);
    expect(hardware.asked[0]?.video).toMatchObject({ height: { ideal: 360 } });
    await media.setCamera(false);
    await media.setQuality({});
    await media.setCamera(true);
    expect(hardware.asked[1]?.video).toMatchObject({ height: { ideal: 720 }, frameRate: { max: 30 } });
  });
});

describe('a direct connection', () => {
  it('holds its pictures to the choice, and the sound to nothing', async () => {
    const { ann } = await call();
    await ann.media.setCamera(true);
    const sound = structuredClone(encodings(ann.peer, 0));
    await ann.media.setQuality({ height: 180, frameRate: 10, bitrate: 100_000 });
    await settle();
    expect(encodings(ann.peer, 1)[0]).toMatchObject({
      scaleResolutionDownBy: 4,
      maxFramerate: 10,
      maxBitrate: 100_000,
    });
    expect(encodings(ann.peer, 0)).toEqual(sound);
    await ann.media.setQuality({});
    await settle();
    expect(encodings(ann.peer, 1)[0]).toMatchObject({ scaleResolutionDownBy: 1, maxBitrate: 2_500_000 });
  });

  it('that comes later does so from its start', async () => {
    const bob = new Client();
    await bob.media.setQuality({ bitrate: 200_000 });
    await bob.join(joined(BOB, []));
    const ann = new Client();
    await ann.join(joined(ANN, [BOB]));
    await bob.tell({ event: 'participant-joined', data: ANN });
    await connect(ann, bob);
    await settle();
    expect(encodings(bob.peer, 1)[0]?.maxBitrate).toBe(200_000);
  });

  it('gives speech priority on both sides', async () => {
    const { ann, bob } = await call();
    for (const { peer } of [ann, bob])
      expect(encodings(peer, 0)[0]).toMatchObject({ priority: 'high', networkPriority: 'high' });
  });
});

describe('a routed connection', () => {
  it('lets the layers rest that are too high, whatever the server asks for', async () => {
    const ann = new Client();
    await ann.join(joined(ANN, [BOB], { topology: 'routed' }));
    await ann.media.setQuality({ height: 360 });
    await ann.tell({ event: 'layers', data: { source: 'camera', active: [true, false, true] } });
    await vi.advanceTimersByTimeAsync(100);
    const active = () => encodings(ann.peer, 1).map((encoding) => encoding.active ?? true);
    expect(active()).toEqual([true, true, false]);
    await ann.media.setQuality({});
    await vi.advanceTimersByTimeAsync(100);
    expect(active()).toEqual([true, false, true]);
  });
});

describe('a processor that does not keep up', () => {
  it('makes the picture smaller; the room says so once', async () => {
    const { ann } = await call();
    await ann.media.setCamera(true);
    const said: (SendLimit | undefined)[] = [];
    ann.room.on('send-limit', (limit) => said.push(limit));
    const track = must(ann.media.tracks.camera);
    let seconds = 0;
    vi.spyOn(ann.peer, 'getStats').mockImplementation(async () => {
      seconds++;
      return new Map<string, unknown>([
        ['S', { id: 'S', type: 'media-source', trackIdentifier: track.id }],
        [
          'out',
          {
            id: 'out',
            type: 'outbound-rtp',
            kind: 'video',
            mediaSourceId: 'S',
            timestamp: seconds * 1_000,
            bytesSent: seconds * 50_000,
            packetsSent: seconds * 50,
            qualityLimitationReason: 'cpu',
          },
        ],
      ]);
    });
    await vi.advanceTimersByTimeAsync(8_000);
    expect(said).toEqual([{ step: 1, reason: 'cpu' }]);
    expect(ann.room.sendLimit).toEqual({ step: 1, reason: 'cpu' });
    expect(encodings(ann.peer, 1)[0]).toMatchObject({ scaleResolutionDownBy: 2, maxFramerate: 24 });
  });
});

describe('diagnostics', () => {
  it('tell of every connection, without its secrets', async () => {
    const { ann } = await call();
    const { connections, serverVersion } = await ann.room.diagnostics();
    expect(serverVersion).toBe('0');
    expect(connections).toHaveLength(1);
    expect(connections[0]).toMatchObject({ connection: 'bob', connectionState: 'connected' });
    expect(connections[0]?.local?.sdp).toContain('a=ice-ufrag:');
    expect([connections[0]?.local?.type, connections[0]?.remote?.type].sort()).toEqual(['answer', 'offer']);
  });

  it('leave out a connection that closes meanwhile', async () => {
    const { ann } = await call();
    vi.spyOn(ann.peer, 'getStats').mockRejectedValue(new Error('closed'));
    expect((await ann.room.diagnostics()).connections).toEqual([]);
  });
});

describe('changes of a sender', () => {
  it('go one after the other, and one that is refused for good does not keep the others', async () => {
    const fake = new Connection();
    const { sender } = fake.addTransceiver('video', { sendEncodings: [{}] });
    const real = must(asReal(fake).getTransceivers()[0]).sender;
    const queue = new ParameterQueue();
    let refused = 0;
    queue.set(real, 'never', () => {
      refused++;
      throw new Error('InvalidModificationError');
    });
    queue.set(real, 'rate', ({ encodings }) => {
      must(encodings[0]).maxBitrate = 7;
      return true;
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sender.parameters.encodings[0]?.maxBitrate).toBe(7);
    expect(refused).toBe(5);
  });
});
