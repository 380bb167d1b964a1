import './texts';
import './chat.css';
import type { ChatEntry, RemoteParticipant, Room } from '@kaigi/client';
import { ArrowDown } from 'lucide-react';
import { Fragment, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../core/store';
import { showToast } from '../core/toasts';
import { copyText } from '../core/useCopy';
import { useChat, useHost, usePermissions } from '../core/useSdk';
import { Panel } from '../meeting/Panel';
import { later } from '../ui/later';
import { ChatRow } from './ChatRow';
import { LocalNotices } from './commands/LocalNotices';
import { noticesBetween, noticesOf } from './commands/notices';
import { useCommands } from './commands/useCommands';
import { Composer } from './Composer';
import { DeleteDialog } from './DeleteDialog';
import { answer, answerPrivately, edit, withoutReference, type Draft } from './draft';
import { chatRows, isSaid, lastOwn, lineOf, nameIn } from './entries';
import { actionsFor, LineMenu, type LineAction } from './LineMenu';
import type { Outbox } from './outbox';
import { OutgoingLines } from './OutgoingLines';
import { explainChat } from './problems';
import type { SetDraft } from './useDraft';
import { useLog } from './useLog';

const PollDialog = later(() => import('./polls/PollDialog'));

export default function ChatPanel({
  room,
  participants,
  outbox,
  draft,
  onDraft,
  onClose,
}: {
  room: Room;
  participants: readonly RemoteParticipant[];
  outbox: Outbox;
  draft: Draft;
  onDraft: SetDraft;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { t: chat } = useTranslation('chat');
  const entries = useChat(room);
  const outgoing = useStore(outbox.items);
  const write = usePermissions(room).chat;
  const host = useHost(room);
  const notices = useStore(noticesOf(room));
  const below = useMemo(() => ({ outgoing, notices }), [outgoing, notices]);
  const { ref, start, end, following, behind, flashed, toEnd, jumpTo, onScroll, onWheel } = useLog(
    entries,
    below,
  );
  const area = useRef<HTMLTextAreaElement>(null);
  const anchor = useRef<HTMLElement>(null);
  const [menu, setMenu] = useState<ChatEntry>();
  const [deleting, setDeleting] = useState<ChatEntry>();
  const [asking, setAsking] = useState(false);
  const [saving, setSaving] = useState(false);
  const [current, setCurrent] = useState<number>();
  const rows = useMemo(() => chatRows(entries, start, end), [entries, start, end]);

  const nameOf = (id: string) => nameIn(entries, participants, id) ?? chat('line.somebody');
  // Rows are drawn anew when a property of theirs is another: these are the same for as long as the panel is open.
  const jump = useRef(jumpTo);
  useEffect(() => {
    jump.current = jumpTo;
  });
  const onJump = useCallback((id: number) => jump.current(id), []);
  const onMenu = useCallback((entry: ChatEntry, button: HTMLElement) => {
    anchor.current = button;
    setMenu((open) => (open?.id === entry.id ? undefined : entry));
  }, []);
  const closeMenu = useCallback(() => setMenu(undefined), []);
  const failed = (error: unknown) => showToast({ tone: 'error', ...explainChat(error, t) });

  const commands = useCommands(
    room,
    draft.editing ? '' : draft.text,
    (text) => onDraft((before) => ({ ...before, text })),
    (text) => outbox.send(text, draft),
  );

  const startWriting = (change: (before: Draft) => Draft) => {
    onDraft(change);
    area.current?.focus();
  };
  const act = (action: LineAction, entry: ChatEntry) => {
    setMenu(undefined);
    if (action === 'reply') startWriting((before) => answer(before, entry, room.id, nameOf));
    if (action === 'reply-privately') startWriting((before) => answerPrivately(before, entry));
    if (action === 'edit') startWriting((before) => edit(before, entry));
    if (action === 'delete') setDeleting(entry);
    if (action === 'copy' && entry.body.type === 'message')
      void copyText(entry.body.text).then(
        (copied) => copied && showToast({ tone: 'info', title: chat('line.copied') }, 2000),
      );
  };
  const save = (id: number, text: string) => {
    setSaving(true);
    room
      .editChat(id, text)
      .then(
        () => onDraft((now) => (now.editing?.id === id ? withoutReference(now) : now)),
        (error: unknown) => {
          failed(error);
          // What was written is not lost.
          onDraft((now) => (now.editing?.id === id ? { ...now, text } : now));
        },
      )
      .finally(() => setSaving(false));
  };

  const focusable = rows.some(({ entry }) => entry.id === current)
    ? current
    : rows.findLast(({ entry }) => isSaid(entry) && entry.body.type !== 'deleted')?.entry.id;

  return (
    <Panel title={t('panel.chat')} onClose={onClose}>
      <div
        ref={ref}
        className="chat-log"
        role="log"
        aria-label={t('chat.log')}
        // Further up old lines come and go; nobody wants to hear of them.
        aria-live={following ? undefined : 'off'}
        tabIndex={0}
        onScroll={onScroll}
        onWheel={onWheel}
        onKeyDown={moveFocus}
      >
        {rows.length + outgoing.length + notices.length === 0 && (
          <p className="chat-empty">{t('chat.empty')}</p>
        )}
        {rows.map(({ entry, head }, index) => (
          <Fragment key={entry.id}>
            <LocalNotices notices={noticesBetween(notices, rows[index - 1]?.entry.id ?? -1, entry.id)} />
            <ChatRow
              room={room}
              entry={entry}
              head={head}
              answered={entry.replyTo === undefined ? undefined : lineOf(entries, entry.replyTo)}
              receiver={entry.to === undefined || !head ? undefined : nameOf(entry.to)}
              flashed={flashed === entry.id}
              focusable={focusable === entry.id}
              onJump={onJump}
              onMenu={onMenu}
              onCurrent={setCurrent}
            />
          </Fragment>
        ))}
        {end === entries.length && (
          <LocalNotices notices={noticesBetween(notices, rows[rows.length - 1]?.entry.id ?? -1, Infinity)} />
        )}
        <OutgoingLines outbox={outbox} lines={outgoing} />
      </div>
      <div className="chat-below">
      {!following && (
        <button
            type="button"
          className={behind ? 'button small chat-jump' : 'button small chat-jump quiet'}
          aria-label={behind ? undefined : chat('line.toEnd')}
          onClick={toEnd}
        >
          <ArrowDown aria-hidden="true" />
          {behind && t('chat.newBelow')}
        </button>
      )}
      </div>
      {write ? (
        <Composer
          draft={draft}
          onDraft={onDraft}
          entries={entries}
          own={room.id}
          people={participants}
          area={area}
          saving={saving}
          commands={commands}
          onSend={(text) => {
            commands.send(text);
            toEnd();
          }}
          onSave={save}
          onEditLast={() => {
            const last = lastOwn(entries, room.id);
            if (last) onDraft((before) => edit(before, last));
          }}
          onPoll={() => setAsking(true)}
        />
      ) : (
        <p className="chat-forbidden">{chat('line.forbidden')}</p>
      )}
      {menu && (
        <LineMenu
          key={menu.id}
          anchor={anchor}
          actions={actionsFor(menu, {
            own: room.id,
            host,
            write,
            present: (id) => participants.some((one) => one.id === id && !one.mediaOnly),
          })}
          onAction={(action) => act(action, menu)}
          onClose={closeMenu}
        />
      )}
      {deleting && <DeleteDialog room={room} entry={deleting} onClose={() => setDeleting(undefined)} />}
      {asking && <PollDialog room={room} onClose={() => setAsking(false)} />}
    </Panel>
  );
}

/** Arrow keys go from line to line, so that Tab need not. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const { target, currentTarget, key } = event;
  if (!(target instanceof HTMLElement) || !target.matches('.line-more, .chat-row')) return;
  const buttons = [...currentTarget.querySelectorAll<HTMLElement>('.line-more')];
  const own = target.matches('.line-more') ? target : target.querySelector<HTMLElement>('.line-more');
  const index = own ? buttons.indexOf(own) : buttons.length;
  const next = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: buttons.length - 1 }[key];
  if (next === undefined) return;
  event.preventDefault();
  buttons[next]?.focus();
}
