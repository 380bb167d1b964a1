import { Mic, MicOff, Phone } from 'lucide-react';
import { useLayoutEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../ui/Avatar';
import { NameLabel } from '../ui/NameLabel';
import type { TileContent } from './tiles';
import { TileVideo } from './TileVideo';

export interface PipControls {
  mic: boolean;
  onMic: () => void;
  onLeave: () => void;
}

const nobodyElses = () => false;

/** The one tile that counts, and what one needs without going back to the page. */
export default function PipStage({
  window: pip,
  tile,
  controls: { mic, onMic, onLeave },
}: {
  window: Window;
  tile: TileContent | undefined;
  controls: PipControls;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [showing, setShowing] = useState(false);

  useLayoutEffect(() => dress(pip.document), [pip]);

  return createPortal(
    <main className="pip" aria-label={t('meeting.stage')}>
      {tile && (
        <div
          className="tile"
          role="group"
          aria-label={tile.label}
          data-kind={tile.kind}
          data-fit="contain"
          data-on={tile.on}
          data-paused={tile.paused}
          data-speaking={tile.speaking}
        >
          <TileVideo
            key={tile.key}
            track={tile.track}
            on={tile.on}
            mirrored={tile.own && tile.kind === 'camera'}
            isOthers={nobodyElses}
            onPicture={({ showing }) => setShowing(showing)}
          />
          {!showing && <Avatar name={tile.name} className="tile-avatar" />}
          <div className="tile-name">
            <NameLabel name={tile.name} form={tile.form} />
          </div>
        </div>
      )}
      <div className="pip-controls" role="toolbar" aria-label={t('meeting.controls')}>
        <button
          type="button"
          className={`control ${mic ? 'normal' : 'off'}`}
          aria-label={t('control.mic')}
          aria-pressed={mic}
          title={mic ? t('control.micOff') : t('control.micOn')}
          onClick={onMic}
        >
          {mic ? <Mic aria-hidden="true" /> : <MicOff aria-hidden="true" />}
        </button>
        <button
          type="button"
          className="control danger"
          aria-label={t('control.leave')}
          title={t('control.leaveTip')}
          onClick={onLeave}
        >
          <Phone aria-hidden="true" className="hang-up" />
        </button>
      </div>
    </main>,
    pip.document.body,
  );
}

/** Gives an empty document the looks, language and title of this one. */
function dress(target: Document): void {
  const { lang, dataset } = document.documentElement;
  target.documentElement.lang = lang;
  Object.assign(target.documentElement.dataset, dataset);
  target.title = document.title;
  for (const sheet of document.querySelectorAll<HTMLLinkElement | HTMLStyleElement>(
    'link[rel="stylesheet"], style',
  )) {
    const copy = target.importNode(sheet, true);
    // The document has no address of its own to which an address could be relative.
    if (sheet instanceof HTMLLinkElement) (copy as HTMLLinkElement).href = sheet.href;
    target.head.append(copy);
  }
}
