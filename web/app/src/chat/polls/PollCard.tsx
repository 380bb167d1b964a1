import type { Poll, PollOption, Room } from '@kaigi/client';
import { ChartBarBig, Check } from 'lucide-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { showToast } from '../../core/toasts';
import { useHost } from '../../core/useSdk';
import { useVotes } from '../../core/useTogether';
import { explainChat } from '../problems';
import { sameChoice, share } from './poll';

/** A question in the chat: how it stands, and where one chooses. */
export function PollCard({ room, id, poll, own }: { room: Room; id: number; poll: Poll; own: boolean }) {
  const { t } = useTranslation('chat');
  const { t: common } = useTranslation();
  const name = useId();
  const host = useHost(room);
  const vote = useVotes(room).get(id);
  const voted = vote ?? [];
  /** What is chosen and not yet cast. */
  const [choice, setChoice] = useState<readonly number[]>();
  const [busy, setBusy] = useState(false);
  const [named, setNamed] = useState(false);
  const chosen = choice ?? voted;
  const changed = !sameChoice(chosen, voted);

  const run = (request: Promise<unknown>) => {
    setBusy(true);
    request
      .then(
        () => setChoice(undefined),
        (error: unknown) => showToast({ tone: 'error', ...explainChat(error, common) }),
      )
      .finally(() => setBusy(false));
  };
  const choose = (option: number) => {
    const others = chosen.filter((one) => one !== option);
    if (!poll.multiple) setChoice([option]);
    else setChoice(others.length < chosen.length ? others : [...chosen, option]);
  };

  return (
    // How it stands changes all the time: said to those who look, not to everybody.
    <div className="poll" aria-live="off">
      <p className="poll-kind">
        <ChartBarBig aria-hidden="true" />
        {[
          t(poll.closed ? 'poll.closed' : 'poll.open'),
          poll.multiple && t('poll.severalPossible'),
          poll.anonymous && t('poll.anonymousShort'),
        ]
          .filter((words) => words !== false)
          .join(' · ')}
      </p>
      <div
        className="poll-options"
        role={poll.closed ? 'group' : poll.multiple ? 'group' : 'radiogroup'}
        aria-labelledby={`${name}-question`}
      >
        <p id={`${name}-question`} className="poll-question">
          {poll.question}
        </p>
        {poll.options.map((option, index) => {
          const words = `${name}-${index}`;
          const standing = (
            <Standing id={words} poll={poll} option={option} chosen={voted.includes(index)} named={named} />
          );
          return poll.closed ? (
            <div key={index} className="poll-option">
              {standing}
            </div>
          ) : (
            <label key={index} className="poll-option">
              <input
                type={poll.multiple ? 'checkbox' : 'radio'}
                name={name}
                checked={chosen.includes(index)}
                disabled={busy}
                aria-labelledby={`${words}-text`}
                aria-describedby={`${words}-count`}
                onChange={() => choose(index)}
              />
              {standing}
            </label>
          );
        })}
      </div>
      <div className="poll-foot">
        <span className="poll-voters">{t('poll.voters', { count: poll.voters })}</span>
        {!poll.anonymous && poll.voters > 0 && (
          <button
            type="button"
            className="link-button"
            aria-expanded={named}
            onClick={() => setNamed(!named)}
          >
            {t(named ? 'poll.hideNames' : 'poll.showNames')}
          </button>
        )}
      </div>
      {(!poll.closed || own || host) && (
        <div className="poll-actions">
          {!poll.closed && changed && (
            <button
              type="button"
              className="button primary small"
              disabled={busy || chosen.length === 0}
              onClick={() => run(room.polls.vote(id, chosen))}
            >
              {t(vote ? 'poll.change' : 'poll.vote')}
            </button>
          )}
          {!poll.closed && vote && !changed && (
            <button
              type="button"
              className="button small"
              disabled={busy}
              onClick={() => run(room.polls.vote(id, []))}
            >
              {t('poll.takeBack')}
            </button>
          )}
          {!poll.closed && (own || host) && (
            <button
              type="button"
              className="button small"
              disabled={busy}
              onClick={() => run(room.polls.close(id))}
            >
              {t('poll.close')}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** How an option stands: in words, and as a bar for eyes. */
function Standing({
  id,
  poll,
  option,
  chosen,
  named,
}: {
  id: string;
  poll: Poll;
  option: PollOption;
  chosen: boolean;
  named: boolean;
}) {
  const { t, i18n } = useTranslation('chat');
  const part = share(poll, option.votes);
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent' }).format(part);
  const more = option.votes - option.names.length;
  const names = new Intl.ListFormat(i18n.language).format([
    ...option.names,
    ...(more > 0 ? [t('poll.moreNames', { count: more })] : []),
  ]);
  return (
    <span className="poll-standing">
      <span className="poll-words">
        <span id={`${id}-text`} className="poll-text" dir="auto">
          {option.text}
        </span>
        {chosen && (
          <span className="poll-own" role="img" aria-label={t('poll.yours')} title={t('poll.yours')}>
            <Check aria-hidden="true" />
          </span>
        )}
        <span id={`${id}-count`} className="poll-count">
          <span className="visually-hidden">{t('poll.votes', { count: option.votes })}, </span>
          <span aria-hidden="true">{option.votes} · </span>
          {percent}
        </span>
      </span>
      <span className="poll-bar" aria-hidden="true">
        <i style={{ transform: `scaleX(${part})` }} />
      </span>
      {named && option.names.length > 0 && <span className="poll-names">{names}</span>}
    </span>
  );
}
