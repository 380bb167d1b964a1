// Cameras and microphones of the tests' own, and what is seen and heard of them on the other side.

/** Opens small and slow cameras whatever the page asks for: many browsers share the machine. */
export async function smallCamera(context, { width = 320, height = 180, frameRate = 10 } = {}) {
  await context.addInitScript(({ width, height, frameRate }) => {
    const { mediaDevices } = navigator;
    if (!mediaDevices) return; // an empty page, before or beside the meeting's
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = ({ audio, video }) => open({ audio, video: video && { width, height, frameRate } });
  }, { width, height, frameRate });
}

/** A small picture that moves, drawn by the page: Chromium's fake camera stops when half a dozen pages of one browser use it. */
export async function drawnCamera(context) {
  await context.addInitScript(() => {
    const { mediaDevices } = navigator;
    if (!mediaDevices) return; // an empty page, before or beside the meeting's
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    const draw = () => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [160, 90];
      const pen = canvas.getContext('2d');
      let step = 0;
      setInterval(() => {
        pen.fillStyle = 'teal';
        pen.fillRect(0, 0, 160, 90);
        pen.fillStyle = 'white';
        pen.fillRect((step += 10) % 160, 0, 20, 90);
      }, 200);
      return canvas.captureStream(5).getVideoTracks();
    };
    mediaDevices.getUserMedia = async ({ audio, video }) => new MediaStream([
      ...(video ? draw() : []),
      ...(audio ? (await open({ audio })).getAudioTracks() : []),
    ]);
  });
}

/**
 * Notes in a page what is seen in a tile, whichever `<video>` shows it: `window.seen` has the moments at which frames were
 * presented, and how many in all by then. A page that is busy hears of the last one only; the browser presents the
 * others all the same.
 */
export function watchFrames(page, name) {
  return page.evaluate((name) => {
    const seen = (window.seen = []);
    const numbers = new Map();
    const latest = new Map();
    const videos = () => [...document.querySelectorAll(`[role=group][aria-label="${name}"] video`)];
    /** The one on top, once it shows something. */
    const visible = () => videos().findLast((video) => video.dataset.showing === 'true');
    const watch = (video) => {
      numbers.set(video, numbers.size);
      const note = (_, { presentationTime: at, presentedFrames: count }) => {
        latest.set(video, count);
        if (video === visible()) seen.push({ video: numbers.get(video), at, count });
        video.requestVideoFrameCallback(note);
      };
      video.requestVideoFrameCallback(note);
    };
    const look = () => videos().filter((video) => !numbers.has(video)).forEach(watch);
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    // One that begins to show shows what it has had underneath.
    new MutationObserver(() => {
      const video = visible();
      if (seen.length > 0 && latest.has(video) && numbers.get(video) !== seen.at(-1).video) {
        seen.push({ video: numbers.get(video), at: performance.now(), count: latest.get(video) });
      }
    }).observe(document.body, { attributes: true, attributeFilter: ['data-showing'], subtree: true });
    look();
  }, name);
}

/** The longest time for which what was seen stood still, in milliseconds, and how often another `<video>` went on. */
export function longestPause(seen) {
  let [pause, swaps] = [0, 0];
  for (const [index, now] of seen.entries()) {
    const before = seen[index - 1];
    if (!before) continue;
    const swap = now.video !== before.video;
    pause = Math.max(pause, (now.at - before.at) / (swap ? 1 : Math.max(1, now.count - before.count)));
    swaps += swap;
  }
  return { pause, swaps };
}
