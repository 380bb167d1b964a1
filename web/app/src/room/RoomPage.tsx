import { createLocalMedia, type LocalMedia } from '@kaigi/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEmbedded } from '../core/embedding';
import { useTitle } from '../core/hooks';
import { currentChoices, currentPreferences, setPreferences } from '../core/preferences';
import { checkRoomName } from '../core/room-name';
import { accessToken, nameInToken } from '../core/access';
import { parseQuery } from '../core/route';
import { useDevices, type Devices } from '../core/useDevices';
import { Meeting } from '../meeting/Meeting';
import { PreJoin } from '../prejoin/PreJoin';
import { later } from '../ui/later';
import { Failed, InvalidRoom, Joining, Left, MeetingOver, Removed, Replaced } from './Ended';
import { NotOpen } from './NotOpen';
import { PasswordPage } from './PasswordPage';
import { presenceBeforeReload, rememberForReload, type Presence } from './reload';
import { useEntry } from './useEntry';

const WaitingPage = later(() => import('../hosting/WaitingPage'));

/** Everything under `/r/<room>`. A name the server would refuse is refused before anything is asked for. */
export function RoomPage({ roomName }: { roomName: string }) {
  const check = checkRoomName(roomName);
  return 'problem' in check ? <InvalidRoom problem={check.problem} /> : <RoomRounds roomName={check.name} />;
}

/** Going in again starts afresh, without the pre-join page. */
function RoomRounds({ roomName }: { roomName: string }) {
  const [round, setRound] = useState(0);
  const [before, setBefore] = useState(() => presenceBeforeReload(roomName));
  return (
    <RoomRound
      key={round}
      roomName={roomName}
      straightIn={round > 0 || before !== undefined || parseQuery(location.search).join}
      before={before}
      onLeft={setBefore}
      onAgain={() => setRound((rounds) => rounds + 1)}
    />
  );
}

function RoomRound({
  roomName,
  straightIn,
  before,
  onLeft,
  onAgain,
}: {
  roomName: string;
  straightIn: boolean;
  before: Presence | undefined;
  onLeft: (presence: Presence) => void;
  onAgain: () => void;
}) {
  const { t } = useTranslation();
  const [media] = useState(() => {
    const { micDevice, cameraDevice, processing, quality } = currentChoices();
    return createLocalMedia({
      micDevice: micDevice || undefined,
      cameraDevice: cameraDevice || undefined,
      processing,
      quality,
    });
  });
  const devices = useDevices(media);
  const { entry, join, keyEdited, leave } = useEntry(roomName, media);
  const [givenName] = useState(() => nameInToken(accessToken()));
  const [firstName] = useState(
    () => givenName ?? before?.name ?? parseQuery(location.search).name ?? currentPreferences().name ?? '',
  );
  useTitle(entry.phase === 'meeting' ? undefined : t('title.room', { room: roomName }));

  const enter = useCallback(
    (name: string) => {
      // A name that an invitation sets is for its meeting only.
      if (givenName === undefined) setPreferences({ name });
      join(name);
    },
    [join, givenName],
  );
  useStart(media, devices, before, straightIn ? () => join(firstName || t('common.guest')) : undefined);

  const room = entry.phase === 'meeting' ? entry.room : undefined;
  const presence = useCallback(
    (name: string): Presence => ({ name, mic: media.state.mic, camera: media.state.camera }),
    [media],
  );
  useEffect(() => {
    if (!room) return;
    const onHide = () => rememberForReload(roomName, presence(room.displayName));
    addEventListener('pagehide', onHide);
    return () => removeEventListener('pagehide', onHide);
  }, [room, roomName, presence]);
  const leaveAsWeAre = () => {
    if (room) onLeft(presence(room.displayName));
    leave();
  };

  useEmbedded({
    roomName,
    phase: entry.phase,
    room,
    error: 'error' in entry ? entry.error : undefined,
    media,
    leave: leaveAsWeAre,
  });

  switch (entry.phase) {
    case 'prejoin':
    case 'joining':
      if (straightIn && entry.phase === 'joining') return <Joining roomName={roomName} />;
      if (straightIn && entry.phase === 'prejoin' && entry.error === undefined)
        return <Joining roomName={roomName} />;
      return (
        <PreJoin
          roomName={roomName}
          media={media}
          devices={devices}
          firstName={firstName}
          nameIsGiven={givenName !== undefined}
          joining={entry.phase === 'joining'}
          error={entry.phase === 'prejoin' ? entry.error : undefined}
          onJoin={enter}
        />
      );
    case 'not-open':
      return (
        <NotOpen
          roomName={roomName}
          wrongKey={entry.wrongKey}
          trying={entry.trying}
          onTry={(createKey) => join(entry.name, createKey === undefined ? undefined : { createKey })}
          onKeyEdit={keyEdited}
        />
      );
    case 'password':
      return (
        <PasswordPage
          roomName={roomName}
          wrong={entry.wrong}
          trying={entry.trying}
          onTry={(password) => join(entry.name, { password })}
          onEdit={keyEdited}
        />
      );
    case 'waiting':
    case 'turned-away':
      return (
        <WaitingPage
          roomName={roomName}
          name={entry.name}
          media={media}
          devices={devices}
          state={entry.phase === 'waiting' ? 'waiting' : entry.over ? 'over' : 'turned-away'}
          onAgain={() => join(entry.name)}
          onClose={onAgain}
        />
      );
    case 'meeting':
      return <Meeting room={entry.room} media={media} devices={devices} onLeave={leaveAsWeAre} />;
    case 'left':
      return <Left roomName={roomName} onAgain={onAgain} />;
    case 'replaced':
      return <Replaced onAgain={onAgain} />;
    case 'ended':
      return <MeetingOver roomName={roomName} />;
    case 'removed':
      return <Removed roomName={roomName} banned={entry.banned} onAgain={onAgain} />;
    case 'failed':
      return <Failed error={entry.error} onAgain={onAgain} />;
  }
}

/** Longest that `join=1` waits for the devices before it goes in without them: a prompt may stay open. */
const deviceWaitMilliseconds = 2500;

/** Opens the devices once, as the address or the last time asked; then goes in if that was asked for. */
function useStart(
  media: LocalMedia,
  devices: Devices,
  before: Presence | undefined,
  then: (() => void) | undefined,
) {
  const started = useRef(false);
  const { turn } = devices;
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    const query = parseQuery(location.search);
    const wanted = currentChoices();
    const opening: Promise<unknown>[] = [];
    if (before?.mic ?? query.mic ?? wanted.mic) opening.push(turn('mic', true));
    if (before?.camera ?? query.cam ?? wanted.camera) opening.push(turn('camera', true));
    media.refreshDevices().catch(() => undefined);
    if (!then) return;
    const timeout = new Promise((resolve) => setTimeout(resolve, deviceWaitMilliseconds));
    void Promise.race([Promise.all(opening), timeout]).then(then);
  }, [media, turn, before, then]);
}
