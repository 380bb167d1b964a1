import type { Receive, Room } from '@kaigi/client';
import { LayoutGrid, MessageSquare, MonitorUp, MonitorX, Phone, Presentation, Users } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Unread } from '../chat/entries';
import { canShareScreen } from '../core/browser';
import type { DeviceKind, Devices } from '../core/useDevices';
import type { LocalMediaView } from '../core/useSdk';
import { TogetherControls } from '../together/TogetherControls';
import { UnreadWords } from '../together/UnreadWords';
import { ControlButton } from '../ui/ControlButton';
import { DeviceToggle } from '../ui/DeviceToggle';
import { MoreMenu } from './MoreMenu';
import type { Layout } from './plan';
import type { Pip } from './usePip';
import type { Reasons } from './useReasons';
import type { ScreenShare } from './useScreenShare';

export type PanelName = 'chat' | 'participants' | 'statistics' | undefined;
export type DialogName = 'settings' | 'invite' | 'shortcuts' | 'room' | 'breakouts' | undefined;

export function Controls(props: {
  room: Room;
  view: LocalMediaView;
  devices: Devices;
  onDeviceError: (kind: DeviceKind, error: unknown) => void;
  reasons: Reasons;
  screen: ScreenShare;
  panel: PanelName;
  onPanel: (panel: NonNullable<PanelName>) => void;
  unread: Unread;
  people: number;
  selfView: boolean;
  onSelfView: (shown: boolean) => void;
  receive: Receive;
  onReceive: (receive: Receive) => void;
  layout: Layout;
  pip: Pip;
  onLayout: (layout: Layout) => void;
  host: boolean;
  onDialog: (dialog: DialogName) => void;
  onLeave: () => void;
}) {
  const { t } = useTranslation();
  const { view, devices, onDeviceError, reasons, screen, panel, onPanel, unread, people, layout, onLayout } =
    props;
  const sharing = view.state.screen;
  return (
    <div className="controls" role="toolbar" aria-label={t('meeting.controls')} onKeyDown={moveFocus}>
      <div className="controls-main">
        <DeviceToggle
          kind="mic"
          on={view.state.mic}
          devices={devices}
          reason={reasons.mic}
          onError={onDeviceError}
        />
        <DeviceToggle
          kind="camera"
          on={view.state.camera}
          devices={devices}
          reason={reasons.camera}
          onError={onDeviceError}
        />
        {canShareScreen() && (
          <ControlButton
            label={t('control.screen')}
            tip={sharing ? t('control.screenStop') : t('control.screenStart')}
            shortcut="S"
            pressed={sharing}
            look={sharing ? 'active' : 'normal'}
            busy={screen.busy}
            reason={reasons.screen}
            onClick={screen.toggle}
          >
            {sharing ? <MonitorX aria-hidden="true" /> : <MonitorUp aria-hidden="true" />}
          </ControlButton>
        )}
        <TogetherControls room={props.room} />
      </div>
      <div className="controls-side">
        <span className="control-wide">
          <ControlButton
            label={t('layout.speaker')}
            tip={layout === 'speaker' ? t('layout.toGrid') : t('layout.toSpeaker')}
            shortcut="L"
            pressed={layout === 'speaker'}
            onClick={() => onLayout(layout === 'speaker' ? 'grid' : 'speaker')}
          >
            {layout === 'speaker' ? <LayoutGrid aria-hidden="true" /> : <Presentation aria-hidden="true" />}
          </ControlButton>
        </span>
        <ControlButton
          label={t('control.chat')}
          tip={t('control.chat')}
          shortcut="C"
          pressed={panel === 'chat'}
          look={panel === 'chat' ? 'active' : 'normal'}
          badge={unread.count}
          badgeLook={unread.personal > 0 ? 'personal' : 'normal'}
          describedBy="chat-unread"
          onClick={() => onPanel('chat')}
        >
          <MessageSquare aria-hidden="true" />
        </ControlButton>
        <UnreadWords id="chat-unread" unread={unread} />
        <ControlButton
          label={t('control.participants')}
          tip={t('control.participants')}
          shortcut="P"
          pressed={panel === 'participants'}
          look={panel === 'participants' ? 'active' : 'normal'}
          onClick={() => onPanel('participants')}
        >
          <Users aria-hidden="true" />
          <span className="control-count" aria-hidden="true" data-mark={people} />
        </ControlButton>
        <MoreMenu
          room={props.room}
          selfView={props.selfView}
          onSelfView={props.onSelfView}
          receive={props.receive}
          onReceive={props.onReceive}
          layout={layout}
          pip={props.pip}
          onLayout={onLayout}
          host={props.host}
          onDialog={props.onDialog}
          onStatistics={() => onPanel('statistics')}
        />
      </div>
      <div className="controls-end">
        <ControlButton
          label={t('control.leave')}
          tip={t('control.leaveTip')}
          look="danger"
          onClick={props.onLeave}
        >
          <Phone aria-hidden="true" className="hang-up" />
        </ControlButton>
      </div>
    </div>
  );
}

/** Arrow keys move within a toolbar; Tab works as well. */
function moveFocus(event: KeyboardEvent<HTMLDivElement>) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('button')];
  const index = buttons.findIndex((button) => button === document.activeElement);
  if (index < 0) return;
  event.preventDefault();
  buttons[(index + step + buttons.length) % buttons.length]?.focus();
}
