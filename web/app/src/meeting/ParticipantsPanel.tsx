import type { RemoteParticipant, Room } from '@kaigi/client';
import {
  Crown,
  DoorOpen,
  Hand,
  KeyRound,
  Lock,
  Mic,
  MicOff,
  MonitorUp,
  Search,
  Server,
  ShieldCheck,
  UserPlus,
  Video,
  VideoOff,
} from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { showToast } from '../core/toasts';
import { useHost, useLocalSpeaking, useOwnHand, useRoomSettings, type LocalMediaView } from '../core/useSdk';
import { inOrder, isFound, searchFrom } from '../hosting/people';
import { PersonMenu } from '../hosting/PersonMenu';
import { RemoveDialog } from '../hosting/RemoveDialog';
import { WaitingList } from '../hosting/WaitingList';
import { attempt } from '../hosting/words';
import '../styles/hosting.css';
import { Avatar } from '../ui/Avatar';
import { NameLabel, type NameForm } from '../ui/NameLabel';
import { Panel } from './Panel';

export default function ParticipantsPanel({
  room,
  view,
  participants,
  onInvite,
  onSettings,
  onClose,
}: {
  room: Room;
  view: LocalMediaView;
  participants: readonly RemoteParticipant[];
  onInvite: () => void;
  onSettings: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { t: own } = useTranslation('hosting');
  const speaking = useLocalSpeaking(room);
  const host = useHost(room);
  const hand = useOwnHand(room);
  const [search, setSearch] = useState('');
  const [removing, setRemoving] = useState<RemoteParticipant>();
  const searched = participants.length + 1 >= searchFrom;
  const everybody: { name: string; hand: number | undefined; remote?: RemoteParticipant }[] = [
    { name: room.displayName, hand },
    ...participants.map((remote) => ({ name: remote.name, hand: remote.hand, remote })),
  ];
  const found = inOrder(everybody).filter(({ person }) => !searched || isFound(person.name, search));
  return (
    <Panel title={t('panel.participants')} count={participants.length + 1} onClose={onClose}>
      <RoomMarks room={room} />
      {host && <WaitingList room={room} />}
      {searched && (
        <label className="people-search">
          <Search aria-hidden="true" />
          <input
            type="search"
            className="field"
            aria-label={own('people.search')}
            placeholder={own('people.search')}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
      )}
      <ul className="people" role="list" aria-label={t('panel.participants')}>
        {found.map(({ person: { remote }, place }) =>
          remote ? (
            <Person
              key={remote.id}
              name={remote.name}
              media={remote.media}
              speaking={remote.speaking && remote.media.mic}
              host={remote.host}
              place={place}
              menu={host && <PersonMenu room={room} person={remote} onRemove={setRemoving} />}
              note={remote.connected ? undefined : t('tile.reconnecting')}
            />
          ) : (
            <Person
              key="own"
              name={room.displayName}
              form="tile.you"
              media={view.state}
              speaking={speaking && view.state.mic}
              host={host}
              place={place}
              // Keeps the marks of all in line.
              menu={host && <span className="person-menu" />}
            />
          ),
        )}
      </ul>
      {found.length === 0 && (
        <p className="people-none" role="status">
          {own('people.none')}
        </p>
      )}
      <div className={host && participants.length > 0 ? 'panel-foot two' : 'panel-foot'}>
        {host && participants.length > 0 && (
          <button
            className="button block"
            title={own('people.muteAllHint')}
            onClick={() =>
              attempt(
                room.hosting
                  .mute('mic')
                  .then(() => void showToast({ tone: 'info', title: own('people.mutedAll') })),
              )
            }
          >
            <MicOff aria-hidden="true" />
            {own('people.muteAll')}
          </button>
        )}
        <button className="button block" onClick={onInvite}>
          <UserPlus aria-hidden="true" />
          {t('invite.button')}
        </button>
        {host && (
          <button className="button block" onClick={onSettings}>
            <ShieldCheck aria-hidden="true" />
            {t('host.title')}
          </button>
        )}
      </div>
      {removing && <RemoveDialog room={room} person={removing} onClose={() => setRemoving(undefined)} />}
    </Panel>
  );
}

/** What the host has set, for everybody to see. */
function RoomMarks({ room }: { room: Room }) {
  const { t } = useTranslation();
  const { t: own } = useTranslation('hosting');
  const { locked, password, routed, waiting } = useRoomSettings(room);
  if (!locked && !password && !routed && !waiting) return null;
  return (
    <p className="room-marks">
      {locked && (
        <span>
          <Lock aria-hidden="true" />
          {t('host.isLocked')}
        </span>
      )}
      {waiting && (
        <span>
          <DoorOpen aria-hidden="true" />
          {own('room.waiting')}
        </span>
      )}
      {password && (
        <span>
          <KeyRound aria-hidden="true" />
          {t('host.hasPassword')}
        </span>
      )}
      {routed && (
        <span>
          <Server aria-hidden="true" />
          {t('host.isRouted')}
        </span>
      )}
    </p>
  );
}

function Person({
  name,
  form,
  media,
  speaking,
  host,
  place,
  note,
  menu,
}: {
  name: string;
  form?: NameForm;
  media: RemoteParticipant['media'];
  speaking: boolean;
  host: boolean;
  /** In the row of raised hands. */
  place: number | undefined;
  note?: string | undefined;
  menu: ReactNode;
}) {
  const { t } = useTranslation();
  const { t: own } = useTranslation('hosting');
  return (
    <li className="person" data-speaking={speaking}>
      <Avatar name={name} />
      <span className="person-words">
        <span className="person-name">
          <NameLabel name={name} form={form} />
        </span>
        {note && <small>{note}</small>}
      </span>
      {place !== undefined && (
        <span
          className="hand-mark"
          role="img"
          aria-label={own('people.hand', { number: place })}
          title={own('people.hand', { number: place })}
        >
          <Hand aria-hidden="true" />
          <span aria-hidden="true">{place}</span>
        </span>
      )}
      {host && (
        <span className="mark on" role="img" aria-label={t('mark.host')} title={t('mark.host')}>
          <Crown aria-hidden="true" />
        </span>
      )}
      {media.screen && (
        <span className="mark on" role="img" aria-label={t('mark.screen')} title={t('mark.screen')}>
          <MonitorUp aria-hidden="true" />
        </span>
      )}
      <span
        className={media.mic ? 'mark on' : 'mark'}
        role="img"
        aria-label={media.mic ? t('mark.micOn') : t('mark.micOff')}
        title={media.mic ? t('mark.micOn') : t('mark.micOff')}
      >
        {media.mic ? <Mic aria-hidden="true" /> : <MicOff aria-hidden="true" />}
      </span>
      <span
        className={media.camera ? 'mark on' : 'mark'}
        role="img"
        aria-label={media.camera ? t('mark.cameraOn') : t('mark.cameraOff')}
        title={media.camera ? t('mark.cameraOn') : t('mark.cameraOff')}
      >
        {media.camera ? <Video aria-hidden="true" /> : <VideoOff aria-hidden="true" />}
      </span>
      {menu}
    </li>
  );
}
