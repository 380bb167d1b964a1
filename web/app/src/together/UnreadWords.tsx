import { useTranslation } from 'react-i18next';
import type { Unread } from '../chat/entries';

/** What is unread, for those who listen. */
export function UnreadWords({ id, unread }: { id: string; unread: Unread }) {
  const { t } = useTranslation();
  const { count, personal } = unread;
  const words = [
    count > 0 && t('control.unread', { count }),
    personal > 0 && t('unread.personal', { count: personal }),
  ].filter((part) => part !== false);
  return (
    <span id={id} className="visually-hidden" aria-live="polite">
      {words.join(', ')}
    </span>
  );
}
