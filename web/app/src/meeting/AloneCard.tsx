import { Copy, QrCode } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { inviteLink } from '../core/route';
import { useCopy } from './useCopy';

/** Shown while nobody else is there: the way to get somebody. */
export function AloneCard({ room, onInvite }: { room: string; onInvite: () => void }) {
  const { t } = useTranslation();
  const link = inviteLink(room);
  const { copied, copy } = useCopy(link);
  return (
    <section className="alone-card" aria-label={t('alone.title')}>
      <h2>{t('alone.title')}</h2>
      <p>{t('alone.text')}</p>
      <p className="alone-link">{link.replace(/^https?:\/\//, '')}</p>
      <div className="alone-actions">
        <button className="button primary small" onClick={copy}>
          <Copy aria-hidden="true" />
          {copied ? t('invite.copied') : t('invite.copy')}
        </button>
        <button className="button small" onClick={onInvite}>
          <QrCode aria-hidden="true" />
          {t('alone.more')}
        </button>
      </div>
    </section>
  );
}
