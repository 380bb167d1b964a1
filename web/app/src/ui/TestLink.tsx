import { Stethoscope } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { embedded } from '../core/embedding';
import { navigate, withLanguage } from '../core/route';

/** To the connection test; from within a meeting, or a frame, into a tab of its own, so that the meeting goes on. */
export function TestLink({ className, newTab = embedded }: { className?: string; newTab?: boolean }) {
  const { t } = useTranslation();
  return (
    <a
      className={className}
      href={withLanguage('/test')}
      target={newTab ? '_blank' : undefined}
      rel={newTab ? 'noopener' : undefined}
      onClick={(event) => {
        if (newTab || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        navigate('/test');
      }}
    >
      <Stethoscope aria-hidden="true" />
      {t('connection.test')}
    </a>
  );
}
