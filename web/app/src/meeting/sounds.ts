/** Who is to be heard, by what track: a participant's microphone, or the sound of its screen. */
export type Voices = ReadonlyMap<string, MediaStreamTrack>;

export interface Sounds {
  /** The tracks that are played, aloud or not. */
  playing: readonly MediaStreamTrack[];
  aloud: Voices;
}

export const noSounds: Sounds = { playing: [], aloud: new Map() };

/**
 * What to play when other voices are wanted. A voice that changes its track is heard by the old one until the new
 * one plays: then both change at one instant, without a gap and without an echo. A track that nobody
 * is heard by any more goes on in silence: it is a slot's, and somebody else's voice may be in it soon.
 */
export function nextSounds(before: Sounds, wanted: Voices, plays: ReadonlySet<MediaStreamTrack>): Sounds {
  const known = new Set([...before.playing, ...wanted.values()]);
  const playing = [...known].filter((track) => track.readyState === 'live');
  const taken = new Set(wanted.values());
  const aloud = new Map<string, MediaStreamTrack>();
  for (const [voice, track] of wanted) {
    const old = before.aloud.get(voice);
    const stays = old && old !== track && !plays.has(track) && !taken.has(old) && old.readyState === 'live';
    aloud.set(voice, stays ? old : track);
  }
  return { playing, aloud };
}

export function sameSounds(a: Sounds, b: Sounds): boolean {
  return (
    a.playing.length === b.playing.length &&
    a.playing.every((track, index) => track === b.playing[index]) &&
    a.aloud.size === b.aloud.size &&
    [...a.aloud].every(([voice, track]) => b.aloud.get(voice) === track)
  );
}
