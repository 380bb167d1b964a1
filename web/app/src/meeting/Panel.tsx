import { X } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

/** Beside the stage on a desktop, over everything on a phone. Escape closes it. */
export function Panel({
  title,
  count,
  onClose,
  children,
}: {
  title: string;
  count?: number;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
      if (document.querySelector('[role="dialog"]')) return;
      onClose();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [onClose]);
  return (
    <aside className="panel" aria-label={title}>
      <header className="panel-head">
        <h2>
          {title}
          {count !== undefined && <span className="panel-count">{count}</span>}
        </h2>
        <button
          className="icon-button"
          onClick={onClose}
          aria-label={t('panel.close')}
          title={t('panel.close')}
        >
          <X aria-hidden="true" />
        </button>
      </header>
      {children}
    </aside>
  );
}
