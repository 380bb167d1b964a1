import type { LocalMedia } from '@kaigi/client';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChimePace } from '../src/meeting/chimes/chimes';
import { anotherMicrophone, isWorthTelling, Pace } from '../src/voice/hints';
import { createStandby } from '../src/voice/standby';
import { usePushToTalk } from '../src/voice/usePushToTalk';

describe('talking while muted', () => {
  const talk = { wished: true, echoCancellation: true, sameDevice: false, others: 1 };

  it('is told of where somebody should have heard', () => expect(isWorthTelling(talk)).toBe(true));
  it.each([{ wished: false }, { echoCancellation: false }, { sameDevice: true }, { others: 0 }])(
    'is not told of with %j',
    (change) => expect(isWorthTelling({ ...talk, ...change })).toBe(false),
  );

  it('is told of once a minute at most', () => {
    const pace = new Pace();
    expect(pace.take(5_000)).toBe(true);
    expect(pace.take(64_000)).toBe(false);
    expect(pace.take(65_000)).toBe(true);
    expect(pace.take(65_001)).toBe(false);
  });
});

describe('another microphone than the silent one', () => {
  const mic = (deviceId: string, label: string) => ({ kind: 'audioinput' as const, deviceId, label });
  const devices = [
    mic('default', 'Default - Headset'),
    mic('headset', 'Headset'),
    { kind: 'videoinput' as const, deviceId: 'cam', label: 'Camera' },
    mic('webcam', 'Webcam'),
    mic('desk', 'Desk'),
  ];
  const none = new Set<string>();

  it('is a device of its own', () => {
    expect(anotherMicrophone(devices, 'headset', none)?.deviceId).toBe('webcam');
    expect(anotherMicrophone(devices, 'webcam', none)?.deviceId).toBe('headset');
  });
  it('is not the same one under its own name', () =>
    expect(anotherMicrophone(devices, 'default', none)?.deviceId).toBe('webcam'));
  it('is one that has not been tried', () => {
    expect(anotherMicrophone(devices, 'webcam', new Set(['headset', 'webcam']))?.deviceId).toBe('desk');
    expect(anotherMicrophone(devices, 'desk', new Set(['headset', 'webcam', 'desk']))).toBeUndefined();
  });
  it('is none where there is none', () =>
    expect(anotherMicrophone([mic('only', 'Only')], 'only', none)).toBeUndefined());
});

describe('coming and going', () => {
  it('is heard in rooms of up to eight', () => {
    expect(new ChimePace().take(8, 0)).toBe(true);
    expect(new ChimePace().take(9, 0)).toBe(false);
  });
  it('is heard once in two seconds', () => {
    const pace = new ChimePace();
    expect([0, 100, 1_999, 2_000, 2_100].map((now) => pace.take(3, now))).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
  });
  it('in a large room does not count as heard', () => {
    const pace = new ChimePace();
    pace.take(9, 0);
    expect(pace.take(8, 100)).toBe(true);
  });
});

it('the microphone stays open while there is one reason for it', () => {
  const told: boolean[] = [];
  const standby = createStandby({ setMicStandby: (open) => told.push(open) });
  standby('muted-hint', true);
  standby('talk-key', true);
  standby('talk-key', false);
  standby('muted-hint', false);
  expect(told).toEqual([true, true, true, false]);
});

describe('holding the space bar', () => {
  let root: Root;
  let turned: boolean[];
  let state: { mic: boolean };
  let held: boolean;
  const keepOpen = () => undefined;
  const ignore = () => undefined;

  function Probe({ media }: { media: LocalMedia }) {
    held = usePushToTalk(media, true, keepOpen, ignore);
    return <button id="button">x</button>;
  }

  beforeEach(async () => {
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    document.body.innerHTML = '<div id=root></div><input id=field>';
    [turned, state] = [[], { mic: false }];
    const media = {
      state,
      setMic: async (on: boolean) => {
        state.mic = on;
        turned.push(on);
      },
    } as unknown as LocalMedia;
    root = createRoot(document.getElementById('root') as HTMLElement);
    await act(async () => root.render(<Probe media={media} />));
  });
  afterEach(async () => act(async () => root.unmount()));

  const key = async (type: 'keydown' | 'keyup', options: KeyboardEventInit = {}, target = 'body') => {
    const event = new KeyboardEvent(type, {
      code: 'Space',
      key: ' ',
      bubbles: true,
      cancelable: true,
      ...options,
    });
    await act(async () => void document.querySelector(target)?.dispatchEvent(event));
    return event;
  };
  const send = (target: EventTarget, type: string) =>
    act(async () => void target.dispatchEvent(new Event(type)));

  it('talks, whatever the key repeats, and scrolls nothing', async () => {
    const down = await key('keydown');
    const repeated = await key('keydown', { repeat: true });
    expect([turned, held]).toEqual([[true], true]);
    await key('keyup');
    expect([turned, held]).toEqual([[true, false], false]);
    expect([down.defaultPrevented, repeated.defaultPrevented]).toEqual([true, true]);
  });

  it('in a field writes a space', async () => {
    const down = await key('keydown', {}, '#field');
    await key('keyup', {}, '#field');
    expect([turned, down.defaultPrevented]).toEqual([[], false]);
  });

  it('with a modifier is somebody else’s', async () => {
    await key('keydown', { ctrlKey: true });
    await key('keydown', { shiftKey: true });
    await key('keydown', { isComposing: true });
    expect(turned).toEqual([]);
  });

  it('ends when the window loses the focus, and begins again with the next press only', async () => {
    await key('keydown');
    await send(window, 'blur');
    expect(turned).toEqual([true, false]);
    await key('keydown', { repeat: true });
    expect(turned).toEqual([true, false]);
    await key('keyup');
    expect(turned).toEqual([true, false]);
  });

  it('ends when the page is hidden or the meeting is left', async () => {
    await key('keydown');
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    await send(document, 'visibilitychange');
    expect(turned).toEqual([true, false]);
    vi.restoreAllMocks();
    await key('keyup');
    await key('keydown');
    await act(async () => root.render(null));
    expect(turned).toEqual([true, false, true, false]);
  });

  it('presses a button the keyboard has reached, and talks on one that was clicked', async () => {
    const button = document.getElementById('button') as HTMLElement;
    await act(async () => button.dispatchEvent(new FocusEvent('focusin', { bubbles: true })));
    await key('keydown', {}, '#button');
    expect(turned).toEqual([]);
    await act(async () => {
      button.dispatchEvent(new Event('pointerdown', { bubbles: true }));
      button.dispatchEvent(new FocusEvent('focusin', { bubbles: true }));
    });
    await key('keydown', {}, '#button');
    const up = await key('keyup', {}, '#button');
    expect(turned).toEqual([true, false]);
    expect(up.defaultPrevented).toBe(true);
  });
});
