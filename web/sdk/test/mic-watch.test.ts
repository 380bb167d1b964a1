import { beforeEach, describe, expect, it } from 'vitest';
import { MicWatch } from '../src/mic-watch';

const PERIOD_MS = 50;
const speech = { decibel: -30, digitalSilence: false };
const quiet = { decibel: -70, digitalSilence: false };
const nothing = { decibel: -Infinity, digitalSilence: true };

let watch: MicWatch;
let now: number;
let heard: unknown[];

beforeEach(() => {
  watch = new MicWatch();
  now = 0;
  heard = [];
  watch.on('silent', (silent) => heard.push(silent));
  watch.on('muted-speech', () => heard.push('muted-speech'));
});

function hear(reading: typeof speech, milliseconds: number): void {
  for (const end = now + milliseconds; now < end; now += PERIOD_MS) watch.handleReading(reading, now);
}

describe('a microphone that is on', () => {
  beforeEach(() => watch.restart(true));

  it('and delivers nothing for ten seconds is silent, until something comes', () => {
    hear(nothing, 9_500);
    expect(heard).toEqual([]);
    hear(nothing, 1_000);
    expect(heard).toEqual([true]);
    expect(watch.silent).toBe(true);
    hear(quiet, 50);
    expect(heard).toEqual([true, false]);
  });

  it('is not silent in a quiet room', () => {
    hear(quiet, 60_000);
    expect(heard).toEqual([]);
  });

  it('begins to count anew with each sound', () => {
    for (let round = 0; round < 4; round += 1) {
      hear(nothing, 9_000);
      hear(quiet, 50);
    }
    expect(heard).toEqual([]);
  });

  it('is not silent any more when it is turned off or replaced', () => {
    hear(nothing, 11_000);
    watch.restart(true);
    expect(heard).toEqual([true, false]);
    hear(nothing, 9_000);
    expect(watch.silent).toBe(false);
  });

  it('says nothing about speech: the others hear it', () => {
    hear(speech, 5_000);
    expect(heard).toEqual([]);
  });
});

describe('a microphone on standby', () => {
  beforeEach(() => watch.restart(false));

  it('tells of speech after about a second, once', () => {
    hear(speech, 700);
    expect(heard).toEqual([]);
    hear(speech, 5_000);
    expect(heard).toEqual(['muted-speech']);
  });

  it('tells of it again after a pause', () => {
    hear(speech, 2_000);
    hear(quiet, 1_000);
    hear(speech, 2_000);
    expect(heard).toEqual(['muted-speech', 'muted-speech']);
  });

  it('takes no notice of a cough or of keys', () => {
    for (let round = 0; round < 10; round += 1) {
      hear(speech, 300);
      hear(quiet, 1_000);
    }
    expect(heard).toEqual([]);
  });

  it('is never silent: there is nobody who should hear it', () => {
    hear(nothing, 30_000);
    expect(heard).toEqual([]);
  });
});
