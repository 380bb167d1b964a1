import type { Room } from '@kaigi/client';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { explain } from '../core/errors';
import { showToast } from '../core/toasts';
import { reactions, signs } from './reactions';

/** The six signs to choose from. */
export function ReactionRow({ room, onDone }: { room: Room; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="reaction-row" role="group" aria-label={t('reaction.button')} onKeyDown={moveFocus}>
      {reactions.map((reaction) => (
        <button
          key={reaction}
          type="button"
          className="reaction"
          aria-label={t(`reaction.name.${reaction}`)}
          title={t(`reaction.name.${reaction}`)}
          onClick={() => {
            onDone();
            room
              .react(reaction)
              .catch((error: unknown) => showToast({ tone: 'error', ...explain(error, 'chat', t) }));
          }}
        >
          <span aria-hidden="true">{signs[reaction]}</span>
        </button>
      ))}
    </div>
  );
}

function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const index = buttons.findIndex((button) => button === document.activeElement);
  buttons[(index + step + buttons.length) % buttons.length]?.focus();
}
