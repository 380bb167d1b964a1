import { Copy, Share2 } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { encode } from 'uqr';
import { inviteLink } from '../../core/route';
import { Modal } from '../../ui/Modal';
import { useCopy } from '../useCopy';

export default function InviteDialog({ room, onClose }: { room: string; onClose: () => void }) {
  const { t } = useTranslation();
  const link = inviteLink(room);
  const { copied, copy } = useCopy(link);
  return (
    <Modal title={t('invite.title')} onClose={onClose}>
      <p className="invite-text">{t('invite.text')}</p>
      <div className="invite-link">
        <input
          className="field"
          readOnly
          value={link}
          aria-label={t('invite.link')}
          onFocus={(event) => event.target.select()}
        />
        <button className="button primary" onClick={copy}>
          <Copy aria-hidden="true" />
          <span aria-live="polite">{copied ? t('invite.copied') : t('invite.copy')}</span>
        </button>
      </div>
      {'share' in navigator && (
        <button
          className="button block"
          onClick={() => {
            navigator.share({ title: t('invite.shareTitle', { room }), url: link }).catch(() => undefined);
          }}
        >
          <Share2 aria-hidden="true" />
          {t('invite.share')}
        </button>
      )}
      <figure className="invite-qr">
        <QrCode text={link} label={t('invite.qr')} />
        <figcaption>{t('invite.qrText')}</figcaption>
      </figure>
    </Modal>
  );
}

/** One SVG path, dark on white in every theme: many readers need that. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => {
    const { data, size: modules } = encode(text, { ecc: 'M', border: 2 });
    const parts: string[] = [];
    data.forEach((row, y) => row.forEach((dark, x) => dark && parts.push(`M${x} ${y}h1v1h-1z`)));
    return { size: modules, path: parts.join('') };
  }, [text]);
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#111" />
    </svg>
  );
}
