import type { ChatEntry, Room } from '@kaigi/client';
import { EllipsisVertical, Lock } from 'lucide-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { formatTime } from '../core/format';
import { FileEntry } from '../files/desk';
import { Avatar } from '../ui/Avatar';
import { isSaid } from './entries';
import { MessageText, onlyEmoji } from './MessageText';
import { PollCard } from './polls/PollCard';
import { Quote } from './Quote';

/** One line of the chat. Drawn anew only when something in it is another. */
export const ChatRow = memo(function ChatRow({
  room,
  entry,
  head,
  answered,
  receiver,
  flashed,
  focusable,
  onJump,
  onMenu,
  onCurrent,
}: {
  room: Room;
  entry: ChatEntry;
  /** It does not go on under the heading of the line before. */
  head: boolean;
  /** What it answers, if it is here. */
  answered: ChatEntry | undefined;
  /** The name of the only one who gets it. */
  receiver: string | undefined;
  flashed: boolean;
  /** Its menu is the one that Tab reaches. */
  focusable: boolean;
  onJump: (id: number) => void;
  onMenu: (entry: ChatEntry, button: HTMLElement) => void;
  onCurrent: (id: number) => void;
}) {
  const { t } = useTranslation('chat');
  if (!isSaid(entry)) return <Notice entry={entry} />;
  const own = entry.from === room.id;
  const personal = entry.to !== undefined;
  const { body } = entry;
  return (
    <div
      className={own ? 'chat-row own' : 'chat-row'}
      data-line={entry.id}
      data-head={head}
      data-private={personal}
      data-flashed={flashed}
      tabIndex={-1}
    >
      {!own && (head ? <Avatar name={entry.name} /> : <span className="chat-gutter" />)}
      <div className="chat-column">
        {head && (
          <p className="chat-meta">
            <span className="chat-author">{own ? t('line.you') : entry.name}</span>{' '}
            {personal && (
              <span className="chat-private">
                <Lock aria-hidden="true" />
                {own ? t('line.privateTo', { name: receiver ?? t('line.somebody') }) : t('line.privateToYou')}
              </span>
            )}{' '}
            <Time at={entry.at} />
          </p>
        )}
        <div className="chat-line">
          {body.type === 'file' ? (
            <FileEntry entry={entry} />
          ) : (
            <div
              className={body.type === 'deleted' ? 'chat-message deleted' : 'chat-message'}
              data-emoji={body.type === 'message' && entry.replyTo === undefined && onlyEmoji(body.text)}
              data-poll={body.type === 'poll'}
              dir="auto"
            >
              {entry.replyTo !== undefined && body.type !== 'deleted' && (
                <Quote answered={answered} own={room.id} onJump={onJump} />
              )}
              {body.type === 'message' && <MessageText text={body.text} />}
              {body.type === 'deleted' && t('line.deleted')}
              {body.type === 'poll' && <PollCard room={room} id={entry.id} poll={body} own={own} />}
              {entry.edited !== undefined && body.type === 'message' && (
                <span className="chat-edited" title={new Date(entry.edited).toLocaleString()}>
                  {' '}
                  {t('line.edited')}
                </span>
              )}
            </div>
          )}
          {body.type !== 'deleted' && (
            <button
              type="button"
              className="icon-button line-more"
              aria-label={t('line.menu', { name: own ? t('line.you') : entry.name })}
              aria-haspopup="dialog"
              tabIndex={focusable ? 0 : -1}
              onFocus={() => onCurrent(entry.id)}
              onClick={(event) => onMenu(entry, event.currentTarget)}
            >
              <EllipsisVertical aria-hidden="true" />
            </button>
          )}
        </div>
      </div>
    </div>
  );
});

function Notice({ entry }: { entry: ChatEntry }) {
  const { t } = useTranslation();
  return (
    <p className="chat-notice" data-line={entry.id}>
      <span>{t(entry.body.type === 'joined' ? 'chat.joined' : 'chat.left', { name: entry.name })}</span>{' '}
      <Time at={entry.at} />
    </p>
  );
}

function Time({ at }: { at: number }) {
  const { i18n } = useTranslation();
  return <time dateTime={new Date(at).toISOString()}>{formatTime(at, i18n.language)}</time>;
}
