import { createLocalMedia, isSupported, joinRoom, type RemoteParticipant, type Room } from '@kaigi/client';

/** Where the Kaigi server is; this page may lie on it (`--site-dir`), or be allowed by it (`--allow-origin`). */
const server = new URLSearchParams(location.search).get('server') ?? location.origin;

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const status = find('status');
const say = (words: unknown) => {
  status.textContent = words instanceof Error ? words.message : String(words);
};

const media = createLocalMedia();
const tiles = new Map<string, HTMLVideoElement>();

find<HTMLFormElement>('join').onsubmit = async (event) => {
  event.preventDefault();
  if (!isSupported()) return say('This browser cannot hold a meeting here; open the page with https.');
  const fields = new FormData(find<HTMLFormElement>('join'));
  // Without devices one can still watch and listen.
  await Promise.allSettled([media.setMic(true), media.setCamera(true)]);
  try {
    enter(await joinRoom(server, { room: String(fields.get('room')), name: String(fields.get('name')), media }));
  } catch (error) {
    say(error);
  }
};

function enter(room: Room): void {
  find('join').hidden = true;
  find('controls').hidden = false;
  find('mic').onclick = () => media.setMic(!media.state.mic).catch(say);
  find('camera').onclick = () => media.setCamera(!media.state.camera).catch(say);
  find('leave').onclick = () => room.leave().then(() => location.reload());
  media.on('change', () => show(room));
  room.on('participants', () => show(room));
  room.on('signaling', ({ state }) => say(state));
  say(room.signaling.state);
  show(room);
}

/** A tile for everybody; those who have left lose theirs. */
function show(room: Room): void {
  const { id, displayName, participants } = room;
  const { camera } = media.tracks;
  const all = [{ id, name: `${displayName} (you)`, tracks: camera ? [camera] : [], own: true }, ...participants.map(other)];
  for (const { id, name, tracks, own } of all) play(tiles.get(id) ?? addTile(id, name, own), tracks);
  for (const [id, video] of tiles) {
    if (all.some((one) => one.id === id)) continue;
    tiles.delete(id);
    video.parentElement?.remove();
  }
}

function other({ id, name, tracks: { mic, camera }, media }: RemoteParticipant) {
  // The track is there before anything comes on it: `media` says whether a picture is sent.
  const tracks = [mic, media.camera ? camera : undefined].filter((track) => track !== undefined);
  return { id, name, tracks, own: false };
}

function addTile(id: string, name: string, own: boolean): HTMLVideoElement {
  const figure = document.createElement('figure');
  const video = document.createElement('video');
  video.autoplay = video.playsInline = true;
  video.muted = own;
  video.ariaLabel = name;
  const caption = document.createElement('figcaption');
  caption.textContent = name;
  figure.append(video, caption);
  find('videos').append(figure);
  tiles.set(id, video);
  return video;
}

/** A stream is made anew only when its tracks are others: playing would begin again. */
function play(video: HTMLVideoElement, tracks: MediaStreamTrack[]): void {
  const key = tracks.map(({ id }) => id).join();
  if (video.dataset.tracks === key) return;
  video.dataset.tracks = key;
  video.srcObject = new MediaStream(tracks);
}
