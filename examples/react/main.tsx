import type { LocalMedia, Room } from '@kaigi/client';
import { useEffect, useRef, type FormEvent } from 'react';
import { createRoot } from 'react-dom/client';
import { useLocalMedia, useMeeting, useParticipants, useSignaling } from './useMeeting';

/** Where the Kaigi server is; this page may lie on it (`--site-dir`), or be allowed by it (`--allow-origin`). */
const server = new URLSearchParams(location.search).get('server') ?? location.origin;

function App() {
  const media = useLocalMedia();
  const { room, error, join, leave } = useMeeting(media);
  if (room) return <Meeting room={room} media={media} onLeave={leave} />;
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    // Without devices one can still watch and listen.
    await Promise.allSettled([media.setMic(true), media.setCamera(true)]);
    join(server, String(fields.get('name')), String(fields.get('room')));
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <input name="room" aria-label="Room name" placeholder="Room name" required />
      <input name="name" aria-label="Your name" placeholder="Your name" required />
      <button>Join</button>
      {error !== undefined && <p role="alert">{error}</p>}
    </form>
  );
}

function Meeting({ room, media, onLeave }: { room: Room; media: LocalMedia; onLeave: () => void }) {
  const participants = useParticipants(room);
  const { state } = useSignaling(room);
  return (
    <>
      <p role="status">{state}</p>
      <p>
        <button onClick={() => void media.setMic(!media.state.mic)}>Microphone</button>
        <button onClick={() => void media.setCamera(!media.state.camera)}>Camera</button>
        <button onClick={onLeave}>Leave</button>
      </p>
      <div className="videos">
        <Tile name={`${room.displayName} (you)`} camera={media.tracks.camera} muted />
        {participants.map(({ id, name, tracks, media: sent }) => (
          // The track is there before anything comes on it: `media` says whether a picture is sent.
          <Tile key={id} name={name} mic={tracks.mic} camera={sent.camera ? tracks.camera : undefined} />
        ))}
      </div>
    </>
  );
}

interface TileProps {
  name: string;
  mic?: MediaStreamTrack | undefined;
  camera?: MediaStreamTrack | undefined;
  muted?: boolean;
}

function Tile({ name, mic, camera, muted = false }: TileProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = new MediaStream([mic, camera].filter((track) => track !== undefined));
  }, [mic, camera]);
  return (
    <figure>
      <video ref={video} aria-label={name} autoPlay playsInline muted={muted} />
      <figcaption>{name}</figcaption>
    </figure>
  );
}

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
