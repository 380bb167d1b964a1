import { Copy, QrCode, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useInvitation } from '../core/invite';
import { copyInstead, useCopy } from '../core/useCopy';

/** Shown while nobody else is there: the way to get somebody. */
export function AloneCard({ room, onInvite }: { room: string; onInvite: () => void }) {
  const { t } = useTranslation();
  const { link, shown, localOnly } = useInvitation(room);
  const { copied, copy } = useCopy(link);
  return (
    <section className="alone-card" aria-label={t('alone.title')}>
      <h2>{t('alone.title')}</h2>
      {!localOnly && <p>{t('alone.text')}</p>}
      <p className="alone-link" title={shown} onCopy={copyInstead(link)}>
        {shown.replace(/^https?:\/\//, '')}
      </p>
      {localOnly && (
        <p className="local-only">
          <TriangleAlert aria-hidden="true" />
          {t('invite.localOnly')}
        </p>
      )}
      <div className="alone-actions">
        <button className="button primary small" onClick={copy}>
          <Copy aria-hidden="true" />
          {copied ? t('invite.copied') : t('invite.copy')}
        </button>
        {!localOnly && (
          <button className="button small" onClick={onInvite}>
            <QrCode aria-hidden="true" />
            {t('alone.more')}
          </button>
        )}
      </div>
    </section>
  );
}
