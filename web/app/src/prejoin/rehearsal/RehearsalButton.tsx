import type { LocalMedia } from '@kaigi/client';
import { CirclePlay } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LocalMediaView } from '../../core/useSdk';
import { later } from '../../ui/later';

const Rehearsal = later(() => import('./Rehearsal'));

/** The way to a rehearsal, for those who would like one. */
export function RehearsalButton({ media, view }: { media: LocalMedia; view: LocalMediaView }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  return (
    <>
      <button type="button" className="button small rehearsal-open" onClick={() => setOpen(true)}>
        <CirclePlay aria-hidden="true" />
        {t('rehearsal.open')}
      </button>
      {open && <Rehearsal media={media} view={view} onClose={close} />}
    </>
  );
}
