import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Roster } from '../src/roster';
import { joined, participant } from './fakes/wire';

const ME = participant('me');
const BOB = participant('bob', { joinedAt: 1 });
const CY = participant('cy', { joinedAt: 2 });

function begin() {
  const roster = new Roster();
  const log: string[] = [];
  roster.on('joined', ({ id }) => log.push(`joined ${id}`));
  roster.on('left', ({ participant: { id }, reason }) => log.push(`left ${id} ${reason}`));
  roster.on('updated', ({ id, connected }) => log.push(`updated ${id}${connected ? '' : ' lost'}`));
  roster.on('connect', ({ participant: { id }, firstOffer }) => log.push(`${firstOffer} ${id}`));
  roster.on('disconnect', (id) => log.push(`disconnect ${id}`));
  const take = () => log.splice(0);
  return { roster, take };
}

function inRoomWithBob() {
  const room = begin();
  room.roster.handleJoined(joined(ME, [BOB]));
  room.take();
  return room;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('who offers first', () => {
  it('the newcomer offers to those it finds; they wait for it', () => {
    const { roster, take } = begin();
    roster.handleJoined(joined(ME, [BOB]));
    expect(take()).toEqual(['joined bob', 'offer bob']);
    roster.handleParticipantJoined(CY);
    expect(take()).toEqual(['joined cy', 'await cy']);
    expect(roster.participants.map(({ id }) => id)).toEqual(['bob', 'cy']);
  });

  it('one who reloads its page offers; we close the old connection and wait', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleParticipantUpdated({ ...BOB, incarnation: 1 });
    expect(take()).toEqual(['disconnect bob', 'updated bob', 'await bob']);
  });

  it('one who reloaded while we were away offers too', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined(ME, [{ ...BOB, incarnation: 1 }], { outcome: 'resumed' }));
    expect(take()).toEqual(['disconnect bob', 'updated bob', 'await bob']);
  });
});

describe('resumed', () => {
  it('connections to participants with unchanged incarnation are kept', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined(ME, [{ ...BOB, connected: false }], { outcome: 'resumed' }));
    expect(take()).toEqual(['updated bob lost']);
  });

  it('who is missing in the snapshot is gone, who is new in it is offered to', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined(ME, [CY], { outcome: 'resumed' }));
    expect(take()).toEqual(['disconnect bob', 'left bob connection-lost', 'joined cy', 'offer cy']);
  });
});

describe('restored', () => {
  it('who is missing is kept as lost, and dropped only after resumeSeconds', async () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined(ME, [], { outcome: 'restored' }));
    expect(take()).toEqual(['updated bob lost']);
    await vi.advanceTimersByTimeAsync(29_900);
    expect(take()).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(take()).toEqual(['disconnect bob', 'left bob connection-lost']);
  });

  it('who comes back in time keeps its connection', async () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined(ME, [], { outcome: 'restored' }));
    take();
    roster.handleParticipantJoined(BOB);
    expect(take()).toEqual(['updated bob']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(take()).toEqual([]);
  });

  it('who comes back reloaded is connected anew', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined(ME, [], { outcome: 'restored' }));
    take();
    roster.handleParticipantJoined({ ...BOB, incarnation: 1 });
    expect(take()).toEqual(['disconnect bob', 'updated bob', 'await bob']);
  });

  it('another loss of our own meanwhile neither drops nor prolongs those still awaited', async () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined(ME, [], { outcome: 'restored' }));
    await vi.advanceTimersByTimeAsync(10_000);
    roster.handleJoined(joined(ME, [], { outcome: 'resumed' }));
    roster.handleJoined(joined(ME, [], { outcome: 'restored' }));
    take();
    await vi.advanceTimersByTimeAsync(19_000);
    expect(take()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(take()).toEqual(['disconnect bob', 'left bob connection-lost']);
  });

  it('an awaited one who closes the connection on purpose is gone at once; a present one is not', () => {
    const { roster, take } = inRoomWithBob();
    roster.handlePeerClosed('bob');
    expect(take()).toEqual([]);
    roster.handleJoined(joined(ME, [], { outcome: 'restored' }));
    take();
    roster.handlePeerClosed('bob');
    expect(take()).toEqual(['disconnect bob', 'left bob left']);
  });
});

describe('somebody else', () => {
  it('with a new id all connections are made anew, and we offer', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined(participant('me-2'), [BOB], { outcome: 'new' }));
    expect(take()).toEqual(['disconnect bob', 'updated bob', 'offer bob']);
  });

  it('the same with a new incarnation of our own', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined({ ...ME, incarnation: 1 }, [BOB, CY], { outcome: 'resumed' }));
    expect(take()).toEqual(['disconnect bob', 'updated bob', 'offer bob', 'joined cy', 'offer cy']);
  });

  it('whoever is missing then is gone, even after a restart', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleJoined(joined(participant('me-2'), [], { outcome: 'restored' }));
    expect(take()).toEqual(['disconnect bob', 'disconnect bob', 'left bob connection-lost']);
  });
});

describe('events', () => {
  it('a change of media changes no connection', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleParticipantUpdated({ ...BOB, media: { ...BOB.media, mic: true } });
    expect(take()).toEqual(['updated bob']);
    expect(roster.get('bob')?.media.mic).toBe(true);
  });

  it('news of an older incarnation comes too late', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleParticipantUpdated({ ...BOB, incarnation: 2 });
    take();
    roster.handleParticipantUpdated({ ...BOB, incarnation: 1, name: 'old' });
    expect(take()).toEqual([]);
    expect(roster.get('bob')?.name).toBe('bob');
  });

  it('one who left is gone once', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleParticipantLeft({ id: 'bob', reason: 'left' });
    roster.handleParticipantLeft({ id: 'bob', reason: 'left' });
    expect(take()).toEqual(['disconnect bob', 'left bob left']);
  });

  it('news of ourselves makes no other participant of us', () => {
    const { roster, take } = inRoomWithBob();
    roster.handleParticipantUpdated({ ...ME, name: 'me' });
    expect(take()).toEqual([]);
  });
});
