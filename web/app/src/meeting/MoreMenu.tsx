import type { Receive, Room } from '@kaigi/client';
import {
  Activity,
  Check,
  EllipsisVertical,
  Eye,
  EyeOff,
  Keyboard,
  Maximize,
  Minimize,
  PictureInPicture2,
  Settings,
  ShieldCheck,
  Split,
  UserPlus,
} from 'lucide-react';
import { type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { toggleFullscreen } from '../core/fullscreen';
import { useFullscreen, useMediaQuery } from '../core/hooks';
import { TogetherItems } from '../together/TogetherControls';
import { PopoverButton } from '../ui/PopoverButton';
import type { DialogName } from './Controls';
import type { Layout } from './plan';
import type { Pip } from './usePip';

const layouts = ['grid', 'speaker'] as const satisfies readonly Layout[];
const receiveModes = ['everything', 'low', 'audio-only'] as const satisfies readonly Receive[];

export function MoreMenu({
  room,
  selfView,
  onSelfView,
  receive,
  onReceive,
  layout,
  pip,
  onLayout,
  host,
  onDialog,
  onStatistics,
}: {
  room: Room;
  selfView: boolean;
  onSelfView: (shown: boolean) => void;
  receive: Receive;
  onReceive: (receive: Receive) => void;
  layout: Layout;
  pip: Pip;
  onLayout: (layout: Layout) => void;
  host: boolean;
  onDialog: (dialog: DialogName) => void;
  onStatistics: () => void;
}) {
  const { t } = useTranslation();
  const full = useFullscreen();
  const keyboard = useMediaQuery('(hover: hover)');
  const item = (icon: ReactNode, label: string, run: () => void, close: () => void) => (
    <button
      type="button"
      className="menu-item"
      onClick={() => {
        close();
        run();
      }}
    >
      {icon}
      {label}
    </button>
  );
  return (
    <PopoverButton
      className="control"
      label={t('control.more')}
      tip={t('control.more')}
      content={<EllipsisVertical aria-hidden="true" />}
      popoverClassName="menu"
    >
      {(close) => (
        <>
          <TogetherItems room={room} close={close} />
          {item(<Settings aria-hidden="true" />, t('settings.title'), () => onDialog('settings'), close)}
          {host && item(<ShieldCheck aria-hidden="true" />, t('host.title'), () => onDialog('room'), close)}
          {host && item(<Split aria-hidden="true" />, t('breakout.menu'), () => onDialog('breakouts'), close)}
          {item(<UserPlus aria-hidden="true" />, t('invite.button'), () => onDialog('invite'), close)}
          {item(
            selfView ? <EyeOff aria-hidden="true" /> : <Eye aria-hidden="true" />,
            selfView ? t('tile.hideSelf') : t('tile.showSelf'),
            () => onSelfView(!selfView),
            close,
          )}
          {document.fullscreenEnabled &&
            item(
              full ? <Minimize aria-hidden="true" /> : <Maximize aria-hidden="true" />,
              full ? t('tile.exitFullscreen') : t('tile.fullscreen'),
              () => toggleFullscreen(document.documentElement),
              close,
            )}
          {pip.supported &&
            item(
              <PictureInPicture2 aria-hidden="true" />,
              pip.open ? t('pip.close') : t('pip.open'),
              pip.toggle,
              close,
            )}
          {item(<Activity aria-hidden="true" />, t('statistics.title'), onStatistics, close)}
          {keyboard &&
            item(<Keyboard aria-hidden="true" />, t('shortcuts.title'), () => onDialog('shortcuts'), close)}
          <Choice
            name="layout"
            title={t('layout.title')}
            options={layouts.map((value) => ({ value, label: t(`layout.${value}`) }))}
            chosen={layout}
            onChoose={onLayout}
          />
          <Choice
            name="receive"
            title={t('receive.title')}
            options={receiveModes.map((value) => ({
              value,
              label: t(`receive.${value}`),
              hint: t(`receive.${value}Hint`),
            }))}
            chosen={receive}
            onChoose={onReceive}
          />
        </>
      )}
    </PopoverButton>
  );
}

function Choice<T extends string>({
  name,
  title,
  options,
  chosen,
  onChoose,
}: {
  name: string;
  title: string;
  options: readonly { value: T; label: string; hint?: string }[];
  chosen: T;
  onChoose: (value: T) => void;
}) {
  return (
    <fieldset className="menu-group">
      <legend>{title}</legend>
      {options.map(({ value, label, hint }) => (
        <label key={value} className="menu-item menu-choice" title={hint}>
          <input
            type="radio"
            name={name}
            className="visually-hidden"
            checked={chosen === value}
            onChange={() => onChoose(value)}
          />
          <Check aria-hidden="true" />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
