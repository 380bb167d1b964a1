import { Lock, RotateCw, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { errorCode } from '../core/errors';
import { explainChat } from './problems';
import type { Outbox, Outgoing } from './outbox';

/** What one has written and the room does not have yet, below what it has. */
export function OutgoingLines({ outbox, lines }: { outbox: Outbox; lines: readonly Outgoing[] }) {
  const { t } = useTranslation();
  const { t: chat } = useTranslation('chat');
  if (lines.length === 0) return null;
  const why = (error: unknown) => {
    const code = errorCode(error);
    if (code === 'rate-limited') return t('error.rateLimited.text');
    if (code === 'not-allowed' || code === 'no-such-participant') return explainChat(error, t).text;
    return t('chat.notSent');
  };
  return (
    // Not announced: it is said when it is in the chat, or when it failed.
    <div className="chat-row own" aria-live="off">
      <div className="chat-column">
        {lines.map((line) => (
          <div
            key={line.id}
            className="chat-outgoing"
            data-state={line.state}
            data-private={line.options.to !== undefined}
          >
            {line.options.to && (
              <p className="chat-meta">
                <span className="chat-private">
                  <Lock aria-hidden="true" />
                  {chat('line.privateTo', { name: line.options.to.name })}
                </span>
              </p>
            )}
            <p className="chat-message" dir="auto" aria-busy={line.state !== 'failed'}>
              {line.text}
              {line.state !== 'failed' && <span className="visually-hidden"> {t('chat.sending')}</span>}
            </p>
            {line.state === 'failed' && (
              <div className="chat-failed">
                <span role="alert">{line.error === undefined ? chat('problem.moved') : why(line.error)}</span>
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
