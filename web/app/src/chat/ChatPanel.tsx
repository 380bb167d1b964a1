import type { Room } from '@kaigi/client';
import { ArrowDown } from 'lucide-react';
import { Fragment, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatTime } from '../core/format';
import { useStore } from '../core/store';
import { useChat, usePermissions } from '../core/useSdk';
import { Panel } from '../meeting/Panel';
import { Avatar } from '../ui/Avatar';
import { LocalNotices } from './commands/LocalNotices';
import { noticesBetween, noticesOf } from './commands/notices';
import { useCommands } from './commands/useCommands';
import { chatBlocks, type ChatBlock } from './entries';
import { linkify } from './linkify';
import { MessageBox } from './MessageBox';
import type { Outbox } from './outbox';
import { OutgoingLines } from './OutgoingLines';

/** Within this of the end, new messages scroll into view by themselves. */
const nearEndPixels = 80;

export default function ChatPanel({
  room,
  outbox,
  draft,
  onDraft,
  onClose,
}: {
  room: Room;
  outbox: Outbox;
  draft: string;
  onDraft: (text: string) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const entries = useChat(room);
  const outgoing = useStore(outbox.items);
  const newest = outgoing[outgoing.length - 1]?.id;
  const blocks = useMemo(() => chatBlocks(entries), [entries]);
  const commands = useCommands(room, draft, onDraft, outbox.send);
  const notices = useStore(noticesOf(room));
  const permissions = usePermissions(room);
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const height = useRef(0);
  const [behind, setBehind] = useState(false);
  const lastEntry = entries[entries.length - 1];
  const ownLast = lastEntry?.from === room.id;

  const toEnd = () => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  };
  useLayoutEffect(() => {
    if (atEnd.current || ownLast) toEnd();
    else setBehind(true);
  }, [blocks, ownLast]);
  useLayoutEffect(() => {
    if (newest !== undefined) toEnd();
  }, [newest]);
  useLayoutEffect(() => {
    if (atEnd.current) toEnd();
  }, [outgoing]);
  useLayoutEffect(() => {
    if (notices.length > 0) toEnd();
  }, [notices]);
  // A phone's keyboard, a banner or a longer text in the box take height away: the end stays in view.
  useEffect(() => {
    if (!log.current) return;
    const observer = new ResizeObserver(() => {
      height.current = log.current?.clientHeight ?? 0;
      if (atEnd.current) toEnd();
    });
    observer.observe(log.current);
    return () => observer.disconnect();
  }, []);

  return (
    <Panel title={t('panel.chat')} onClose={onClose}>
      <div
        ref={log}
        className="chat-log"
        role="log"
        aria-label={t('chat.log')}
        tabIndex={0}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          // The browser shifting what it shows while the height changes: the observer answers that.
          if (clientHeight !== height.current) return;
          atEnd.current = scrollHeight - scrollTop - clientHeight < nearEndPixels;
          if (atEnd.current) setBehind(false);
        }}
      >
        {blocks.length + outgoing.length + notices.length === 0 && (
          <p className="chat-empty">{t('chat.empty')}</p>
        )}
        {blocks.map((block, index) => (
          <Fragment key={block.key}>
            <LocalNotices notices={noticesBetween(notices, blocks[index - 1]?.key ?? -1, block.key)} />
            {block.type === 'notice' ? (
              <Notice block={block} />
            ) : (
              <Messages block={block} own={block.from === room.id} />
            )}
          </Fragment>
        ))}
        <LocalNotices notices={noticesBetween(notices, blocks[blocks.length - 1]?.key ?? -1, Infinity)} />
        <OutgoingLines outbox={outbox} lines={outgoing} />
      </div>
      {behind && (
        <button className="button small chat-jump" onClick={toEnd}>
          <ArrowDown aria-hidden="true" />
          {t('chat.newBelow')}
        </button>
      )}
      {permissions.chat ? (
        <MessageBox text={draft} onText={onDraft} onSend={commands.send} commands={commands} />
      ) : (
        <p className="chat-closed">{t('allowed.noChat')}</p>
      )}
    </Panel>
  );
}

function Notice({ block }: { block: Extract<ChatBlock, { type: 'notice' }> }) {
  const { t, i18n } = useTranslation();
  return (
    <p className="chat-notice">
      <span>{t(block.kind === 'joined' ? 'chat.joined' : 'chat.left', { name: block.name })}</span>{' '}
      <Time at={block.at} language={i18n.language} />
    </p>
  );
}

function Messages({ block, own }: { block: Extract<ChatBlock, { type: 'messages' }>; own: boolean }) {
  const { t, i18n } = useTranslation();
  return (
    <div className={own ? 'chat-block own' : 'chat-block'}>
      {!own && <Avatar name={block.name} />}
      <div className="chat-bubbles">
        <p className="chat-meta">
          <span className="chat-author">{own ? t('chat.you') : block.name}</span>{' '}
          <Time at={block.at} language={i18n.language} />
        </p>
        {block.messages.map((message) => (
          <p key={message.id} className="chat-message" data-emoji={onlyEmoji(message.text)} dir="auto">
            {linkify(message.text).map((piece, index) =>
              piece.type === 'link' ? (
                <a key={index} href={piece.value} target="_blank" rel="noopener noreferrer nofollow">
                  {piece.value}
                </a>
              ) : (
                piece.value
              ),
            )}
          </p>
        ))}
      </div>
    </div>
  );
}

function Time({ at, language }: { at: number; language: string }) {
  return <time dateTime={new Date(at).toISOString()}>{formatTime(at, language)}</time>;
}

const emoji =
  /^(?:\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\ufe0f|\u200d\p{Extended_Pictographic})*|\p{Regional_Indicator}{2}|\s){1,12}$/u;

function onlyEmoji(text: string): boolean {
  return text.length <= 24 && emoji.test(text);
}
