import { LIMITS, type NewPoll, type Room } from '@kaigi/client';
import { Plus, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Explanation } from '../../core/errors';
import { errorCode } from '../../core/errors';
import { Modal } from '../../ui/Modal';
import { Switch } from '../../ui/Switch';
import { explainChat } from '../problems';
import { pasted, pollProblem, trimmed, type PollProblem } from './poll';

export default function PollDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation('chat');
  const { t: common } = useTranslation();
  const [poll, setPoll] = useState<NewPoll>({
    question: '',
    options: ['', ''],
    multiple: false,
    anonymous: false,
  });
  const [busy, setBusy] = useState(false);
  /** What is missing is said once one wants to ask; what is too much at once. */
  const [asked, setAsked] = useState(false);
  const [refused, setRefused] = useState<Explanation>();
  const form = useRef<HTMLFormElement>(null);
  const problem = pollProblem(poll);
  const told =
    problem && (asked || (problem.type !== 'question' && problem.type !== 'few')) ? problem : undefined;
  const full = poll.options.length >= LIMITS.pollOptions;

  const change = (to: Partial<NewPoll>) => {
    setRefused(undefined);
    setPoll((before) => ({ ...before, ...to }));
  };
  const setOption = (index: number, text: string) =>
    change({ options: poll.options.map((option, at) => (at === index ? text : option)) });
  const focusOption = (index: number) =>
    // Once it is there.
    setTimeout(() => form.current?.querySelectorAll<HTMLElement>('.poll-new-option input')[index]?.focus());
  const add = () => {
    if (full) return;
    change({ options: [...poll.options, ''] });
    focusOption(poll.options.length);
  };
  const ask = () => {
    setAsked(true);
    if (problem || busy) return;
    setBusy(true);
    room.polls.ask(trimmed(poll)).then(onClose, (error: unknown) => {
      setBusy(false);
      setRefused(
        errorCode(error) === 'too-large'
          ? { title: t('poll.tooManyOpen'), text: t('poll.tooManyOpenText') }
          : explainChat(error, common),
      );
    });
  };
  const words = (problem: PollProblem) => {
    switch (problem.type) {
      case 'many':
        return t('poll.problem.many', { given: problem.count, limit: LIMITS.pollOptions });
      case 'long':
        return t('poll.problem.long', { bytes: problem.bytes, limit: LIMITS.pollTextBytes });
      case 'twice':
        return t('poll.problem.twice', { text: problem.text });
      default:
        return t(`poll.problem.${problem.type}`);
    }
  };

  return (
    <Modal title={t('poll.new')} onClose={onClose}>
      <form
        ref={form}
        className="poll-new"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <label className="poll-new-question">
          <span>{t('poll.question')}</span>
          <input
            className="field"
            value={poll.question}
            placeholder={t('poll.questionExample')}
            aria-invalid={told?.type === 'question'}
            onChange={(event) => change({ question: event.target.value })}
          />
        </label>
        <fieldset className="poll-new-options">
          <legend>{t('poll.options')}</legend>
          {poll.options.map((option, index) => (
            <div key={index} className="poll-new-option">
              <input
                className="field"
                value={option}
                aria-label={t('poll.option', { number: index + 1 })}
                placeholder={t('poll.option', { number: index + 1 })}
                onChange={(event) => setOption(index, event.target.value)}
                onPaste={(event) => {
                  const options = pasted(poll.options, index, event.clipboardData.getData('text/plain'));
                  if (!options) return;
                  event.preventDefault();
                  change({ options });
                }}
                onKeyDown={(event) => {
                  if (event.key !== 'Enter' || event.nativeEvent.isComposing || option.trim() === '') return;
                  event.preventDefault();
                  if (index === poll.options.length - 1) add();
                  else focusOption(index + 1);
                }}
              />
              <button
                type="button"
                className="icon-button"
                disabled={poll.options.length <= 2}
                aria-label={t('poll.removeOption', { number: index + 1 })}
                title={t('poll.removeOption', { number: index + 1 })}
                onClick={() => {
                  change({ options: poll.options.filter((_, at) => at !== index) });
                  focusOption(Math.max(0, index - 1));
                }}
              >
                <X aria-hidden="true" />
              </button>
            </div>
          ))}
          <button type="button" className="button small poll-new-add" disabled={full} onClick={add}>
            <Plus aria-hidden="true" />
            {t('poll.addOption')}
          </button>
          <p className="settings-hint">{t('poll.limits', { limit: LIMITS.pollOptions })}</p>
        </fieldset>
        <div>
          <Switch
            label={t('poll.multiple')}
            hint={t('poll.multipleHint')}
            checked={poll.multiple}
            onChange={(multiple) => change({ multiple })}
          />
          <Switch
            label={t('poll.anonymous')}
            hint={t('poll.anonymousHint')}
            checked={poll.anonymous}
            onChange={(anonymous) => change({ anonymous })}
          />
        </div>
        {(told ?? refused) && (
          <p className="field-problem" role="alert">
            {told ? words(told) : `${refused?.title ?? ''} – ${refused?.text ?? ''}`}
          </p>
        )}
        <div className="modal-actions">
          <button type="button" className="button" onClick={onClose}>
            {common('common.cancel')}
          </button>
          <button type="submit" className="button primary" disabled={busy}>
            {t('poll.ask')}
          </button>
        </div>
      </form>
    </Modal>
  );
}
