import { Copy, Share2, TriangleAlert } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { encode } from 'uqr';
import { useInvitation } from '../../core/invite';
import { Modal } from '../../ui/Modal';
import { copyInstead, useCopy } from '../../core/useCopy';

export default function InviteDialog({ room, onClose }: { room: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { link, shown, localOnly } = useInvitation(room);
  const { copied, copy } = useCopy(link);
  return (
    <Modal title={t('invite.title')} onClose={onClose}>
      <div className="invite">
        <div className="invite-words">
          {localOnly ? (
            <p className="local-only" role="status">
              <TriangleAlert aria-hidden="true" />
              {t('invite.localOnly')}
            </p>
          ) : (
            <p className="invite-text">{t('invite.text')}</p>
          )}
          <div className="invite-link">
            <input
              className="field"
              readOnly
              dir="ltr"
              value={shown}
              aria-label={t('invite.link')}
              onFocus={(event) => event.target.select()}
              onCopy={copyInstead(link)}
            />
            <button className="button primary" onClick={copy}>
              <Copy aria-hidden="true" />
              <span aria-live="polite">{copied ? t('invite.copied') : t('invite.copy')}</span>
            </button>
          </div>
          {'share' in navigator && !localOnly && (
            <button
              className="button block"
              onClick={() => {
                navigator
                  .share({ title: t('invite.shareTitle', { room }), url: link })
                  .catch(() => undefined);
              }}
            >
              <Share2 aria-hidden="true" />
              {t('invite.share')}
            </button>
          )}
        </div>
        {/* Another device would find itself at a localhost address. */}
        {!localOnly && (
          <figure className="invite-qr">
            <QrCode text={link} label={t('invite.qr')} />
            <figcaption>{t('invite.qrText')}</figcaption>
          </figure>
        )}
      </div>
    </Modal>
  );
}

/** One SVG path, dark on white in every theme: many readers need that. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => {
    // Names in other scripts make long links: larger squares then read better than more of them.
    const { data, size: modules } = encode(text, { ecc: text.length > 120 ? 'L' : 'M', border: 2 });
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
