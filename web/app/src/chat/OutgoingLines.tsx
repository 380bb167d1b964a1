import { RotateCw, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { errorCode } from '../core/errors';
import type { Outbox, Outgoing } from './outbox';

/** What one has written and the room does not have yet, below what it has. */
export function OutgoingLines({ outbox, lines }: { outbox: Outbox; lines: readonly Outgoing[] }) {
  const { t } = useTranslation();
  if (lines.length === 0) return null;
  return (
    // Not announced: it is said when it is in the chat, or when it failed.
    <div className="chat-block own" aria-live="off">
      <div className="chat-bubbles">
        {lines.map((line) => (
          <div key={line.id} className="chat-outgoing" data-state={line.state}>
            <p className="chat-message" dir="auto" aria-busy={line.state !== 'failed'}>
              {line.text}
              {line.state !== 'failed' && <span className="visually-hidden"> {t('chat.sending')}</span>}
            </p>
            {line.state === 'failed' && (
              <div className="chat-failed">
                <span role="alert">
                  {errorCode(line.error) === 'rate-limited' ? t('error.rateLimited.text') : t('chat.notSent')}
                </span>
                <span className="chat-failed-actions">
                  <button className="button small" onClick={() => outbox.retry(line.id)}>
                    <RotateCw aria-hidden="true" />
                    {t('ended.tryAgain')}
                  </button>
                  <button
                    className="icon-button small"
                    aria-label={t('chat.discard')}
                    title={t('chat.discard')}
                    onClick={() => outbox.discard(line.id)}
                  >
                    <Trash2 aria-hidden="true" />
                  </button>
                </span>
              </div>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}
