import type { ChatEntry, RemoteParticipant } from '@kaigi/client';
import { ChartBarBig, Lock, Pencil, Reply, X } from 'lucide-react';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { Commands } from './commands/useCommands';
import { sent, withoutReference, type Draft } from './draft';
import { lineOf } from './entries';
import { MessageBox } from './MessageBox';
import { QuotedText } from './Quote';
import type { SetDraft } from './useDraft';

/** Where one writes: for whom, in answer to what or instead of what, and the text. */
export function Composer({
  draft,
  onDraft,
  entries,
  own,
  people,
  area,
  saving,
  commands,
  onSend,
  onSave,
  onEditLast,
  onPoll,
}: {
  draft: Draft;
  onDraft: SetDraft;
  entries: readonly ChatEntry[];
  own: string;
  people: readonly RemoteParticipant[];
  area: RefObject<HTMLTextAreaElement | null>;
  /** An edit is on its way. */
  saving: boolean;
  commands: Commands;
  onSend: (text: string) => void;
  onSave: (id: number, text: string) => void;
  onEditLast: () => void;
  onPoll: () => void;
}) {
  const { t } = useTranslation('chat');
  const { to, replyTo, editing, locked } = draft;
  const readers = people.filter(({ mediaOnly }) => !mediaOnly);
  const gone = to !== undefined && !readers.some(({ id }) => id === to.id);
  const answered = replyTo === undefined ? undefined : lineOf(entries, replyTo);
  const referring = editing !== undefined || replyTo !== undefined;
  const cancel = () => {
    onDraft(withoutReference);
    area.current?.focus();
  };
  return (
    <MessageBox
      area={area}
      commands={editing ? undefined : commands}
      text={draft.text}
      onText={(text) => onDraft((before) => ({ ...before, text }))}
      onSend={(text) => {
        if (editing) onSave(editing.id, text);
        else {
          onSend(text);
          onDraft(sent);
        }
      }}
      placeholder={to && !editing ? t('to.placeholder', { name: to.name }) : undefined}
      sendLabel={editing ? t('edit.save') : undefined}
      blocked={saving || (gone && !editing)}
      onUp={referring ? undefined : onEditLast}
      onEscape={() => {
        if (referring) cancel();
        return referring;
      }}
    >
      {referring && (
        <div className="compose-reference">
          {editing ? <Pencil aria-hidden="true" /> : <Reply aria-hidden="true" />}
          <div className="compose-words">
            <strong>
              {editing
                ? t('edit.title')
                : t('line.replyTo', {
                    name:
                      answered?.from === own ? t('line.yourself') : (answered?.name ?? t('line.somebody')),
                  })}
            </strong>
            {!editing && (answered ? <QuotedText answered={answered} /> : <span>{t('line.gone')}</span>)}
          </div>
          <button
            type="button"
            className="icon-button small"
            aria-label={editing ? t('edit.cancel') : t('line.cancelReply')}
            title={editing ? t('edit.cancel') : t('line.cancelReply')}
            onClick={cancel}
          >
            <X aria-hidden="true" />
          </button>
        </div>
      )}
      {!editing && (
        <div className="compose-tools">
          <label className="compose-to" data-private={to !== undefined}>
            {to && <Lock aria-hidden="true" />}
            <span>{t('to.label')}</span>
            <select
              value={to?.id ?? ''}
              disabled={locked && !gone}
              title={locked ? t('to.staysPrivate') : undefined}
              onChange={({ target: { value } }) => {
                const one = readers.find(({ id }) => id === value);
                onDraft((before) => ({ ...before, to: one && { id: one.id, name: one.name } }));
                area.current?.focus();
              }}
            >
              {!(locked && to) && <option value="">{t('to.everyone')}</option>}
              {to && gone && <option value={to.id}>{t('to.hasLeft', { name: to.name })}</option>}
              {readers.map(({ id, name }) => (
                <option key={id} value={id}>
                  {t('to.private', { name })}
                </option>
              ))}
            </select>
          </label>
          <button
            type="button"
            className="icon-button small"
            aria-label={t('poll.new')}
            title={t('poll.new')}
            onClick={onPoll}
          >
            <ChartBarBig aria-hidden="true" />
          </button>
        </div>
      )}
      {gone && !editing && (
        <p className="field-problem" role="alert">
          {t(locked ? 'to.goneReply' : 'to.gone', { name: to.name })}
        </p>
      )}
    </MessageBox>
  );
}
