import type { RemoteParticipant, Room } from '@kaigi/client';
import {
  Crown,
  KeyRound,
  Lock,
  Mic,
  MicOff,
  MonitorUp,
  Server,
  ShieldCheck,
  UserMinus,
  UserPlus,
  Video,
  VideoOff,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useHost, useLocalSpeaking, useRoomSettings, type LocalMediaView } from '../core/useSdk';
import { Avatar } from '../ui/Avatar';
import { NameLabel, type NameForm } from '../ui/NameLabel';
import { Panel } from './Panel';

export function ParticipantsPanel({
  room,
  view,
  participants,
  onInvite,
  onSettings,
  onRemove,
  onClose,
}: {
  room: Room;
  view: LocalMediaView;
  participants: readonly RemoteParticipant[];
  onInvite: () => void;
  onSettings: () => void;
  onRemove: (person: RemoteParticipant) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const speaking = useLocalSpeaking(room);
  const host = useHost(room);
  return (
    <Panel title={t('panel.participants')} count={participants.length + 1} onClose={onClose}>
      <RoomMarks room={room} />
      <ul className="people" role="list" aria-label={t('panel.participants')}>
        <Person
          name={room.displayName}
          form="tile.you"
          media={view.state}
          speaking={speaking && view.state.mic}
          host={host}
        />
        {participants.map((person) => (
          <Person
            key={person.id}
            name={person.name}
            media={person.media}
            speaking={person.speaking && person.media.mic}
            host={person.host}
            onRemove={host ? () => onRemove(person) : undefined}
            note={person.connected ? undefined : t('tile.reconnecting')}
          />
        ))}
      </ul>
      <div className="panel-foot">
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
    </Panel>
  );
}

/** What the host has set, for everybody to see. */
function RoomMarks({ room }: { room: Room }) {
  const { t } = useTranslation();
  const { locked, password, routed } = useRoomSettings(room);
  if (!locked && !password && !routed) return null;
  return (
    <p className="room-marks">
      {locked && (
        <span>
          <Lock aria-hidden="true" />
          {t('host.isLocked')}
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
  note,
  onRemove,
}: {
  name: string;
  form?: NameForm;
  media: RemoteParticipant['media'];
  speaking: boolean;
  host: boolean;
  onRemove?: (() => void) | undefined;
  note?: string | undefined;
}) {
  const { t } = useTranslation();
  return (
    <li className="person" data-speaking={speaking}>
      <Avatar name={name} />
      <span className="person-words">
        <span className="person-name">
          <NameLabel name={name} form={form} />
        </span>
        {note && <small>{note}</small>}
      </span>
      {onRemove && (
        <button
          type="button"
          className="icon-button person-remove"
          aria-label={t('host.remove', { name })}
          title={t('host.remove', { name })}
          onClick={onRemove}
        >
          <UserMinus aria-hidden="true" />
        </button>
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
    </li>
  );
}
