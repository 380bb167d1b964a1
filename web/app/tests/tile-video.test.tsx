import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TileVideo, type Picture } from '../src/meeting/TileVideo';

/** What each `<video>` waits to be called with at its next frame. */
let frames: Map<HTMLVideoElement, () => void>;

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  frames = new Map();
  vi.stubGlobal(
    'MediaStream',
    class {
      constructor(readonly tracks: MediaStreamTrack[]) {}
    },
  );
  Object.assign(HTMLVideoElement.prototype, {
    play: () => Promise.resolve(),
    requestVideoFrameCallback(this: HTMLVideoElement, callback: () => void) {
      frames.set(this, callback);
      return 1;
    },
    cancelVideoFrameCallback(this: HTMLVideoElement) {
      frames.delete(this);
    },
  });
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', { writable: true, value: null });
});
afterEach(() => vi.unstubAllGlobals());

const track = (id: string) => ({ id, readyState: 'live' }) as unknown as MediaStreamTrack;

function tile() {
  const holder = document.createElement('div');
  const root = createRoot(holder);
  let picture: Picture = { showing: false, aspect: undefined };
  const onPicture = (now: Picture) => (picture = now);
  const videos = () => [...holder.querySelectorAll('video')];
  const trackOf = (video: HTMLVideoElement) =>
    (video.srcObject as unknown as { tracks: MediaStreamTrack[] } | null)?.tracks[0]?.id;
  return {
    show: (of: MediaStreamTrack | undefined, { on = true, others = [] as MediaStreamTrack[] } = {}) =>
      act(async () =>
        root.render(
          <TileVideo
            track={of}
            on={on}
            mirrored={false}
            isOthers={(one) => others.includes(one)}
            onPicture={onPicture}
          />,
        ),
      ),
    /** A frame of this track is drawn. */
    frame: (of: MediaStreamTrack) =>
      act(async () => {
        for (const video of videos()) if (trackOf(video) === of.id) frames.get(video)?.();
      }),
    /** The tracks in their elements, those one sees with a star. */
    get seen() {
      return videos().map((video) => `${trackOf(video)}${video.dataset.showing === 'true' ? '*' : ''}`);
    },
    get showing() {
      return picture.showing;
    },
  };
}

it('a picture is seen with its first frame', async () => {
  const [x, one] = [track('x'), tile()];
  await one.show(x);
  expect([one.seen, one.showing]).toEqual([['x'], false]);
  await one.frame(x);
  expect([one.seen, one.showing]).toEqual([['x*'], true]);
});

it('the old picture stays until the new one has a frame', async () => {
  const [x, y, one] = [track('x'), track('y'), tile()];
  await one.show(x);
  await one.frame(x);
  await one.show(y);
  expect([one.seen, one.showing]).toEqual([['x*', 'y'], true]);
  await one.frame(y);
  expect([one.seen, one.showing]).toEqual([['y*'], true]);
});

it("the old picture does not stay when it is somebody else's by now, has ended, or was switched off", async () => {
  const [x, y, one] = [track('x'), track('y'), tile()];
  await one.show(x);
  await one.frame(x);
  await one.show(y, { others: [x] });
  expect([one.seen, one.showing]).toEqual([['y'], false]);
  await one.frame(y);
  Object.assign(y, { readyState: 'ended' });
  await one.show(x);
  expect([one.seen, one.showing]).toEqual([['x'], false]);
  await one.frame(x);
  await one.show(x, { on: false });
  expect(one.showing).toBe(false);
  await one.show(undefined);
  expect([one.seen, one.showing]).toEqual([['undefined'], false]);
});
