import type { RemoteParticipant, Room } from '@kaigi/client';
import { Mic, MicOff, MonitorUp, UserPlus, Video, VideoOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useLocalSpeaking, type LocalMediaView } from '../core/useSdk';
import { Avatar } from '../ui/Avatar';
import { NameLabel, type NameForm } from '../ui/NameLabel';
import { Panel } from './Panel';

export function ParticipantsPanel({
  room,
  view,
  participants,
  onInvite,
  onClose,
}: {
  room: Room;
  view: LocalMediaView;
  participants: readonly RemoteParticipant[];
  onInvite: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const speaking = useLocalSpeaking(room);
  return (
    <Panel title={t('panel.participants')} count={participants.length + 1} onClose={onClose}>
      <ul className="people" role="list" aria-label={t('panel.participants')}>
        <Person
          name={room.displayName}
          form="tile.you"
          media={view.state}
          speaking={speaking && view.state.mic}
        />
        {participants.map((person) => (
          <Person
            key={person.id}
            name={person.name}
            media={person.media}
            speaking={person.speaking && person.media.mic}
            note={person.connected ? undefined : t('tile.reconnecting')}
          />
        ))}
      </ul>
      <div className="panel-foot">
        <button className="button block" onClick={onInvite}>
          <UserPlus aria-hidden="true" />
          {t('invite.button')}
        </button>
      </div>
    </Panel>
  );
}

function Person({
  name,
  form,
  media,
  speaking,
  note,
}: {
  name: string;
  form?: NameForm;
  media: RemoteParticipant['media'];
  speaking: boolean;
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
