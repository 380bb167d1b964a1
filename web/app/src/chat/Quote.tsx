import type { ChatEntry } from '@kaigi/client';
import { useTranslation } from 'react-i18next';

/** Of a longer message the beginning; the rest is a click away. */
const quotedCharacters = 200;

/** The line that is answered, in short; a click shows it where it stands. */
export function Quote({
  answered,
  own,
  onJump,
}: {
  /** Undefined: it is too old to be here. */
  answered: ChatEntry | undefined;
  own: string;
  onJump: (id: number) => void;
}) {
  const { t } = useTranslation('chat');
  if (!answered) return <p className="chat-quote gone">{t('line.gone')}</p>;
  const name = answered.from === own ? t('line.you') : answered.name;
  return (
    <button type="button" className="chat-quote" title={t('line.jump')} onClick={() => onJump(answered.id)}>
      <span className="chat-quote-name">{name}</span>
      <QuotedText answered={answered} />
    </button>
  );
}

export function QuotedText({ answered: { body } }: { answered: ChatEntry }) {
  const { t } = useTranslation('chat');
  switch (body.type) {
    case 'message':
      return <span className="chat-quote-text">{body.text.slice(0, quotedCharacters)}</span>;
    case 'poll':
      return <span className="chat-quote-text">{t('line.quotedPoll', { question: body.question })}</span>;
    case 'file':
      return <span className="chat-quote-text">{body.name}</span>;
    default:
      return <span className="chat-quote-text gone">{t('line.deleted')}</span>;
  }
}
