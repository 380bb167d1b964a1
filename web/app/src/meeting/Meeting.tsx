import type { LocalMedia, Room } from '@kaigi/client';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createOutbox } from '../chat/outbox';
import { useDraft } from '../chat/useDraft';
import { useSendFailures } from '../chat/useSendFailures';
import { useUnread } from '../chat/useUnread';
import { toggleFullscreen } from '../core/fullscreen';
import { useShortcuts, useTitle, useWakeLock } from '../core/hooks';
import { FileDesk } from '../files/desk';
import { setChoices, useChoices } from '../core/preferences';
import { showToast } from '../core/toasts';
import type { Devices } from '../core/useDevices';
import { useHost, useLocalMedia, useParticipants } from '../core/useSdk';
import { Banners } from './Banners';
import { ConnectionStatus } from './ConnectionStatus';
import { Controls, type DialogName, type PanelName } from './Controls';
import { RemoteAudio } from './RemoteAudio';
import { useChimes } from './chimes/useChimes';
import { RoomLabel } from './RoomLabel';
import { Stage } from './Stage';
import { useStatsHistory } from '../statistics/history';
import { useSendLimitToasts } from '../statistics/useSendLimitToasts';
import { Reactions } from '../together/Reactions';
import { useHand, useHandNotices } from '../together/useHand';
import { later, fetchLater } from '../ui/later';
import { useMeetingToasts } from './useMeetingToasts';
import { usePip } from './usePip';
import { useReasons } from './useReasons';
import { useRoomTitle } from './useRoomTitle';
import { useScreenShare } from './useScreenShare';

const Voice = later(() => import('../voice/Voice'));
const ChatPanel = later(() => import('../chat/ChatPanel'));
const SettingsDialog = later(() => import('./dialogs/SettingsDialog'));
const InviteDialog = later(() => import('./dialogs/InviteDialog'));
const RoomDialog = later(() => import('./dialogs/RoomDialog'));
const ParticipantsPanel = later(() => import('./ParticipantsPanel'));
const HostingLayer = later(() => import('../hosting/HostingLayer'));
const BreakoutsDialog = later(() => import('../breakouts/BreakoutsDialog'));
const ShortcutsDialog = later(() => import('./dialogs/ShortcutsDialog'));
const StatisticsPanel = later(() => import('../statistics/StatisticsPanel'));

const nothing = () => undefined;

export function Meeting({
  room,
  media,
  devices,
  onLeave,
}: {
  room: Room;
  media: LocalMedia;
  devices: Devices;
  onLeave: () => void;
}) {
  const { t } = useTranslation();
  const view = useLocalMedia(media);
  const participants = useParticipants(room);
  // Who is away is in the list, where it says so, and has nothing to show.
  const present = useMemo(() => participants.filter(({ away }) => !away), [participants]);
  const { selfView, layout = 'grid', receive = 'everything' } = useChoices();
  const [panel, setPanel] = useState<PanelName>();
  const [dialog, setDialog] = useState<DialogName>();
  const host = useHost(room);
  const reasons = useReasons(room);
  const label = useRoomTitle(room);
  const [draft, setDraft] = useDraft(room);
  // Outlives the panel: what was written is sent whether or not one watches.
  const [outbox] = useState(() => createOutbox(room));
  const screen = useScreenShare(media);
  const pip = usePip();
  const deviceFailed = useMeetingToasts(room, media);
  useSendLimitToasts(room);
  const history = useStatsHistory(room);
  const closePanel = useCallback(() => setPanel(undefined), []);
  const closeDialog = useCallback(() => setDialog(undefined), []);
  const openChat = useCallback(() => setPanel('chat'), []);
  const unread = useUnread(room, panel === 'chat', openChat);
  const hand = useHand(room);
  useHandNotices(room);
  useSendFailures(outbox, panel === 'chat', openChat);
  useEffect(fetchLater, []);
  useChimes(room);
  useWakeLock();
  useTitle(`${unread.count > 0 ? `(${unread.count}) ` : ''}${t('title.room', { room: label })}`);

  const togglePanel = useCallback(
    (name: NonNullable<PanelName>) => setPanel((open) => (open === name ? undefined : name)),
    [],
  );
  const may = (reason: string | undefined) => {
    if (reason !== undefined) showToast({ tone: 'info', title: reason });
    return reason === undefined;
  };
  const turn = (kind: 'mic' | 'camera') =>
    may(reasons[kind]) &&
    void devices.turn(kind, !view.state[kind]).then((error) => {
      if (error !== undefined) deviceFailed(kind, error);
    });
  useShortcuts([
    { key: 'm', run: () => turn('mic') },
    { key: 'v', run: () => turn('camera') },
    { key: 's', run: () => may(reasons.screen) && screen.toggle() },
    { key: 'c', run: () => togglePanel('chat') },
    { key: 'h', run: hand.toggle },
    { key: 'p', run: () => togglePanel('participants') },
    { key: 'd', run: () => togglePanel('statistics') },
    { key: 'l', run: () => setChoices({ layout: layout === 'grid' ? 'speaker' : 'grid' }) },
    { key: 'i', run: () => setDialog('invite') },
    { key: 'f', run: () => toggleFullscreen(document.documentElement) },
    { key: '?', run: () => setDialog('shortcuts') },
  ]);

  return (
    <FileDesk room={room} recipient={draft.to} onOpenChat={openChat}>
      <div className="meeting">
        <Banners
          room={room}
          participants={participants}
          sharing={view.state.screen}
          onStopSharing={screen.toggle}
        />
        <HostingLayer
          room={room}
          onWaiting={panel === 'participants' ? undefined : () => setPanel('participants')}
          onBreakouts={() => setDialog('breakouts')}
          onClose={nothing}
        />
        <div className="meeting-body">
          <Stage
            room={room}
            view={view}
            participants={present}
            selfView={selfView}
            layout={layout}
            receive={receive}
            pip={pip}
            pipControls={{ mic: view.state.mic, onMic: () => turn('mic'), onLeave }}
            onHideSelf={() => setChoices({ selfView: false })}
            onInvite={() => setDialog('invite')}
          />
          {panel === 'chat' && (
            <ChatPanel
              room={room}
              participants={participants}
              outbox={outbox}
              draft={draft}
              onDraft={setDraft}
              onClose={closePanel}
            />
          )}
          {panel === 'participants' && (
            <ParticipantsPanel
              room={room}
              view={view}
              participants={participants}
              onInvite={() => setDialog('invite')}
              onSettings={() => setDialog('room')}
              onClose={closePanel}
            />
          )}
          {panel === 'statistics' && <StatisticsPanel room={room} history={history} onClose={closePanel} />}
        </div>
        <footer className="meeting-bar">
          <div className="meeting-info">
            <RoomLabel room={label} onInvite={() => setDialog('invite')} />
            <ConnectionStatus room={room} alone={present.length === 0} />
          </div>
          <Controls
            room={room}
            view={view}
            devices={devices}
            onDeviceError={deviceFailed}
            reasons={reasons}
            screen={screen}
            panel={panel}
            onPanel={togglePanel}
            unread={unread}
            people={participants.length + 1}
            selfView={selfView}
            onSelfView={(shown) => setChoices({ selfView: shown })}
            receive={receive}
            onReceive={(receive) => setChoices({ receive })}
            layout={layout}
            pip={pip}
            onLayout={(layout) => setChoices({ layout })}
            host={host}
            onDialog={setDialog}
            onLeave={onLeave}
          />
        </footer>
        <Voice
          room={room}
          media={media}
          view={view}
          devices={devices}
          onDeviceError={deviceFailed}
          onClose={closeDialog}
        />
        <Reactions room={room} />
        <RemoteAudio participants={participants} />
        {dialog === 'settings' && (
          <SettingsDialog
            room={room}
            media={media}
            view={view}
            devices={devices}
            onDeviceError={deviceFailed}
            onClose={closeDialog}
          />
        )}
        {dialog === 'invite' && <InviteDialog room={room.name} onClose={closeDialog} />}
        {dialog === 'room' && <RoomDialog room={room} onClose={closeDialog} />}
        {dialog === 'breakouts' && <BreakoutsDialog room={room} onClose={closeDialog} />}
        {dialog === 'shortcuts' && <ShortcutsDialog onClose={closeDialog} />}
      </div>
    </FileDesk>
  );
}
