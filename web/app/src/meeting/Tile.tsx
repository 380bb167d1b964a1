import {
  EyeOff,
  LoaderCircle,
  Maximize2,
  Minimize2,
  MicOff,
  Move,
  Pin,
  PinOff,
  Signal,
  WifiOff,
} from 'lucide-react';
import { memo, useCallback, useRef, useState, type CSSProperties, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { alike } from '../core/alike';
import { toggleFullscreen } from '../core/fullscreen';
import { useFullscreen, useLasting } from '../core/hooks';
import type { Store } from '../core/store';
import { SnapshotButton } from '../files/desk';
import { HandMark } from '../together/HandMark';
import { Avatar } from '../ui/Avatar';
import { NameLabel } from '../ui/NameLabel';
import type { Corner, NameInsets, Placed } from './layout';
import type { Signs } from './quality';
import { QualityMark } from './QualityMark';
import type { TileContent } from './tiles';
import { TileVideo, type Picture } from './TileVideo';
import { useCornerDrag } from './useCornerDrag';

/** A short break of the signaling connection is nobody's business. */
const reconnectingAfterMilliseconds = 1200;

const nextCorner: Record<Corner, Corner> = {
  'bottom-right': 'bottom-left',
  'bottom-left': 'top-left',
  'top-left': 'top-right',
  'top-right': 'bottom-right',
};

interface TileProps {
  content: TileContent;
  signs: Pick<Store<Signs>, 'get' | 'subscribe'>;
  placed: Placed | undefined;
  insets: NameInsets | undefined;
  pinned: boolean;
  onPin: ((key: string) => void) | undefined;
  onHide: (() => void) | undefined;
  corner: Corner;
  onCorner: (corner: Corner) => void;
  onAspect: (key: string, aspect: number) => void;
  isOthers: (track: MediaStreamTrack, key: string) => boolean;
}

/** Drawn anew only when something of its own has changed: whoever speaks changes one tile of 49, or two. */
export const Tile = memo(
  DrawnTile,
  ({ content, placed, insets, ...rest }: TileProps, now: TileProps) =>
    alike(content, now.content) &&
    alike(placed, now.placed) &&
    alike(insets, now.insets) &&
    (Object.keys(rest) as (keyof typeof rest)[]).every((name) => Object.is(rest[name], now[name])),
);

function DrawnTile({
  content,
  signs,
  placed,
  insets,
  pinned,
  onPin,
  onHide,
  corner,
  onCorner,
  onAspect,
  isOthers,
}: TileProps) {
  const { t } = useTranslation();
  const element = useRef<HTMLDivElement>(null);
  const { key, kind, own, label, name, form, track, on, paused, muted, speaking } = content;
  const [showing, setShowing] = useState(false);
  const onPicture = useCallback(
    ({ showing, aspect }: Picture) => {
      setShowing(showing);
      if (aspect !== undefined) onAspect(key, aspect);
    },
    [key, onAspect],
  );
  const full = useFullscreen(element);
  const lost = useLasting(!content.connected, reconnectingAfterMilliseconds);
  const floating = placed?.role === 'floating';
  const dragging = useCornerDrag(element, floating, onCorner);
  const failed = content.path === 'failed';
  const mirrored = own && kind === 'camera' && track?.getSettings().facingMode !== 'environment';

  const style: CSSProperties = placed
    ? { left: placed.x, top: placed.y, width: placed.width, height: placed.height }
    : { display: 'none' };
  // In full screen nothing floats over the tile.
  const { left, right } = (full ? undefined : insets) ?? { left: 0, right: 0 };
  const nameStyle: CSSProperties & Record<`--inset-${'left' | 'right'}`, string> = {
    '--inset-left': `${left}px`,
    '--inset-right': `${right}px`,
  };
  const small = placed !== undefined && (placed.width < 220 || placed.height < 130);

  return (
    <div
      ref={element}
      role="group"
      aria-label={label}
      className="tile"
      data-tile={key}
      data-kind={kind}
      data-role={placed?.role}
      data-fit={full ? 'contain' : placed?.fit}
      data-pinned={pinned}
      data-speaking={speaking}
      data-on={on}
      data-showing={showing}
      data-paused={paused}
      data-small={small}
      data-dragging={dragging}
      style={style}
      onDoubleClick={() => element.current && toggleFullscreen(element.current)}
    >
      <TileVideo
        track={track}
        on={on}
        mirrored={mirrored}
        isOthers={(track) => isOthers(track, key)}
        onPicture={onPicture}
      />
      {!showing &&
        (kind === 'camera' ? (
          <Avatar name={name} className="tile-avatar" />
        ) : (
          !paused && <LoaderCircle className="spin tile-wait" aria-hidden="true" />
        ))}
      {lost && (
        <TileState words={t('tile.reconnecting')}>
          <LoaderCircle className="spin" aria-hidden="true" />
        </TileState>
      )}
      {!lost && !failed && paused && (
        <TileState words={t('tile.paused')}>
          <Signal aria-hidden="true" />
        </TileState>
      )}
      {!lost && failed && (
        <TileState words={t('tile.noMedia')}>
          <WifiOff aria-hidden="true" />
        </TileState>
      )}
      {!lost && content.path === 'connecting' && !own && !showing && !paused && (
        <TileState words={t('tile.connecting')}>
          <LoaderCircle className="spin" aria-hidden="true" />
        </TileState>
      )}
      {content.hand !== undefined && <HandMark position={content.hand} />}
      <div className="tile-name" title={label} style={nameStyle}>
        {muted && kind === 'camera' && (
          <span className="tile-muted" role="img" aria-label={t('tile.muted')}>
            <MicOff aria-hidden="true" />
          </span>
        )}
        <NameLabel name={name} form={form} />
        <QualityMark tile={content} signs={signs} />
      </div>
      <div className="tile-actions">
        {onPin && (
          <TileAction label={pinned ? t('tile.unpin') : t('tile.pin')} onClick={() => onPin(key)}>
            {pinned ? <PinOff aria-hidden="true" /> : <Pin aria-hidden="true" />}
          </TileAction>
        )}
        {showing && <SnapshotButton tile={element} name={label} screen={kind === 'screen'} />}
        {floating && (
          <TileAction label={t('tile.move')} onClick={() => onCorner(nextCorner[corner])}>
            <Move aria-hidden="true" />
          </TileAction>
        )}
        {onHide && (
          <TileAction label={t('tile.hideSelf')} onClick={onHide}>
            <EyeOff aria-hidden="true" />
          </TileAction>
        )}
        <TileAction
          label={full ? t('tile.exitFullscreen') : t('tile.fullscreen')}
          onClick={() => element.current && toggleFullscreen(element.current)}
        >
          {full ? <Minimize2 aria-hidden="true" /> : <Maximize2 aria-hidden="true" />}
        </TileAction>
      </div>
    </div>
  );
}

/** What is wrong just now. A tiny tile has room for the icon only; the words are there for those who ask. */
function TileState({ words, children }: { words: string; children: ReactNode }) {
  return (
    <div className="tile-state" title={words}>
      {children}
      <span>{words}</span>
    </div>
  );
}

function TileAction({
  label,
  onClick,
  children,
}: {
  label: string;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className="tile-action"
      aria-label={label}
      title={label}
      onClick={onClick}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      {children}
    </button>
  );
}
