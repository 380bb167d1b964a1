import type { ChatEntry } from '@kaigi/client';
import { Copy, Lock, Pencil, Reply, Trash2 } from 'lucide-react';
import type { KeyboardEvent, ReactNode, RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import Popup from '../ui/Popup';

export type LineAction = 'reply' | 'reply-privately' | 'copy' | 'edit' | 'delete';

/** What one may do with a line; the rest is not offered. */
export function actionsFor(
  { from, to, body }: ChatEntry,
  {
    own,
    host,
    write,
    present,
  }: { own: string; host: boolean; write: boolean; present: (id: string) => boolean },
): LineAction[] {
  const mine = from === own;
  const other = to === undefined ? undefined : mine ? to : from;
  const actions: LineAction[] = [];
  if (write && (other === undefined || present(other))) actions.push('reply');
  if (write && !mine && to === undefined && present(from)) actions.push('reply-privately');
  if (body.type === 'message') actions.push('copy');
  if (write && mine && body.type === 'message') actions.push('edit');
  if (mine || host) actions.push('delete');
  return actions;
}

const icons: Record<LineAction, ReactNode> = {
  reply: <Reply aria-hidden="true" />,
  'reply-privately': <Lock aria-hidden="true" />,
  copy: <Copy aria-hidden="true" />,
  edit: <Pencil aria-hidden="true" />,
  delete: <Trash2 aria-hidden="true" />,
};

export function LineMenu({
  anchor,
  actions,
  onAction,
  onClose,
}: {
  anchor: RefObject<HTMLElement | null>;
  actions: readonly LineAction[];
  onAction: (action: LineAction) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation('chat');
  return (
    <Popup anchor={anchor} label={t('line.actions')} className="menu line-menu" onClose={onClose}>
      <div className="line-menu-items" onKeyDown={moveFocus}>
        {actions.map((action) => (
          <button
            key={action}
            type="button"
            className={action === 'delete' ? 'menu-item danger' : 'menu-item'}
            onClick={() => onAction(action)}
          >
            {icons[action]}
            {t(`line.action.${action}`)}
          </button>
        ))}
      </div>
    </Popup>
  );
}

/** Arrow keys move as in any menu; Tab works as well. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll('button')];
  const index = items.findIndex((item) => item === document.activeElement);
  items[(index + step + items.length) % items.length]?.focus();
}
