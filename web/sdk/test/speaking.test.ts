import { describe, expect, it } from 'vitest';
import { fromLevel, toDecibel, toLevel } from '../src/level';
import { RemoteSpeaking } from '../src/remote-speaking';
import { Level, SpeakingDetector } from '../src/speaking';

describe('speaking', () => {
  const run = (detector: SpeakingDetector, decibel: number, from: number, to: number) => {
    for (let now = from; now <= to; now += 50) detector.handleLevel(decibel, now);
    return detector.speaking;
  };

  it('begins with speech, not with a click', () => {
    const detector = new SpeakingDetector();
    detector.handleLevel(-10, 0);
    detector.handleLevel(-70, 50);
    expect(detector.speaking).toBe(false);
    expect(run(detector, -30, 100, 250)).toBe(true);
  });

  it('lasts over the pause between words and ends after it', () => {
    const detector = new SpeakingDetector();
    run(detector, -30, 0, 200);
    expect(run(detector, -80, 250, 700)).toBe(true);
    expect(run(detector, -30, 750, 800)).toBe(true);
    expect(run(detector, -80, 850, 1_600)).toBe(false);
  });

  it('between the two thresholds nothing changes', () => {
    const detector = new SpeakingDetector();
    expect(run(detector, -46, 0, 5_000)).toBe(false);
    run(detector, -30, 5_050, 5_300);
    expect(run(detector, -46, 5_350, 20_000)).toBe(true);
  });

  it('ends at once with the microphone', () => {
    const detector = new SpeakingDetector();
    run(detector, -30, 0, 200);
    expect(detector.silence()).toBe(true);
    expect(detector.silence()).toBe(false);
  });
});

it('a level goes to the meter and back', () => {
  expect(toLevel(toDecibel(1))).toBe(1);
  expect(toLevel(toDecibel(0))).toBe(0);
  expect(toLevel(-30)).toBe(0.5);
  expect(fromLevel(toLevel(-42))).toBeCloseTo(-42);
});

describe('a voice', () => {
  const at = (timestamp: number, audioLevel?: number) => [
    { timestamp, ...(audioLevel === undefined ? {} : { audioLevel }) },
  ];

  it('that gets no more packets is silent, whatever its last level was', () => {
    const level = new Level();
    expect(level.read(at(1, 0.1), 0)).toBeCloseTo(-20);
    expect(level.read(at(1, 0.1), 300)).toBeCloseTo(-20);
    expect(level.read(at(1, 0.1), 500)).toBe(-Infinity);
    expect(level.read(at(2, 0.1), 600)).toBeCloseTo(-20);
  });

  it('without levels is silent', () => {
    expect(new Level().read(at(1), 0)).toBe(-Infinity);
  });

  it('whose participant turned the microphone off stops speaking at once', () => {
    const speaking = new RemoteSpeaking();
    const changes: string[] = [];
    speaking.on('change', (id) => changes.push(id));
    for (let now = 0; now < 500; now += 100)
      speaking.poll([{ id: 'bob', mic: true, sounds: at(now, 0.1) }], now);
    expect(speaking.isSpeaking('bob')).toBe(true);
    speaking.poll([{ id: 'bob', mic: false, sounds: at(500, 0.1) }], 500);
    expect(speaking.isSpeaking('bob')).toBe(false);
    expect(changes).toEqual(['bob', 'bob']);
  });
});
