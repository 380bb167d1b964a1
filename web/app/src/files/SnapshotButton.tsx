import { Aperture } from 'lucide-react';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { showToast } from '../core/toasts';
import { choose } from './choosing';
import type { FileDesk } from './desk';
import { snapshot } from './pictures';
import { useMayShare } from './useTransfer';

/** Takes what a tile shows as a picture, to be shared in the chat. */
export function SnapshotButton({
  desk,
  tile,
  name,
  screen,
}: {
  desk: FileDesk;
  tile: RefObject<HTMLElement | null>;
  name: string;
  screen: boolean;
}) {
  const { t } = useTranslation('files');
  if (!useMayShare(desk.room)) return null;
  const take = async () => {
    const picture = tile.current ? await snapshot(tile.current, name, screen, new Date()) : undefined;
    if (picture) choose(desk, [[picture, picture.name]]);
    else showToast({ tone: 'warning', title: t('files.snapshotFailed') });
  };
  return (
    <button
      type="button"
      className="tile-action"
      aria-label={t('files.snapshot')}
      title={t('files.snapshot')}
      onClick={() => void take()}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      <Aperture aria-hidden="true" />
    </button>
  );
}
