import { describe, expect, it } from 'vitest';
import { nextSounds, noSounds, sameSounds, type Sounds } from '../src/meeting/sounds';

const track = (id: string) => ({ id, readyState: 'live' }) as unknown as MediaStreamTrack;
const voices = (all: Record<string, MediaStreamTrack>) => new Map(Object.entries(all));
const aloud = ({ aloud }: Sounds) => Object.fromEntries([...aloud].map(([voice, { id }]) => [voice, id]));
const none = new Set<MediaStreamTrack>();
const [x, y, z] = [track('x'), track('y'), track('z')];

describe('voices', () => {
  it('are heard at once when they are new', () => {
    const sounds = nextSounds(noSounds, voices({ ann: x, bob: y }), none);
    expect(aloud(sounds)).toEqual({ ann: 'x', bob: 'y' });
    expect(sameSounds(sounds, nextSounds(sounds, voices({ ann: x, bob: y }), none))).toBe(true);
  });

  it('go over to another track when that plays, not before', () => {
    const first = nextSounds(noSounds, voices({ ann: x }), none);
    const waiting = nextSounds(first, voices({ ann: y }), new Set([x]));
    expect(waiting.playing).toEqual([x, y]);
    expect(aloud(waiting)).toEqual({ ann: 'x' });
    expect(aloud(nextSounds(waiting, voices({ ann: y }), new Set([x, y])))).toEqual({ ann: 'y' });
  });

  it('are never heard by a track that is another voice now, or dead', () => {
    const first = nextSounds(noSounds, voices({ ann: x }), none);
    expect(aloud(nextSounds(first, voices({ ann: y, bob: x }), none))).toEqual({ ann: 'y', bob: 'x' });
    const dead = { ...z, readyState: 'ended' } as MediaStreamTrack;
    const before: Sounds = { playing: [dead], aloud: voices({ ann: dead }) };
    expect(aloud(nextSounds(before, voices({ ann: y }), none))).toEqual({ ann: 'y' });
  });

  it('keep their slot playing in silence when it is empty, until it ends', () => {
    const first = nextSounds(noSounds, voices({ ann: x }), none);
    const empty = nextSounds(first, voices({}), none);
    expect(empty.playing).toEqual([x]);
    expect(aloud(empty)).toEqual({});
    const next = nextSounds(empty, voices({ bob: x }), none);
    expect(next.playing).toEqual([x]);
    expect(aloud(next)).toEqual({ bob: 'x' });
    Object.assign(x, { readyState: 'ended' });
    expect(nextSounds(next, voices({}), none).playing).toEqual([]);
  });
});
