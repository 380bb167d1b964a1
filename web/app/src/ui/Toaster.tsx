import { CircleAlert, Info, TriangleAlert, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { dismissToast, useToasts } from '../core/toasts';

const icons = { info: Info, warning: TriangleAlert, error: CircleAlert };

export function Toaster() {
  const { t } = useTranslation();
  const toasts = useToasts();
  return (
    <div className="toasts" aria-live="polite" aria-relevant="additions">
      {toasts.map((toast) => {
        const Icon = icons[toast.tone];
        const { action } = toast;
        return (
          <div
            key={toast.id}
            className={`toast ${toast.tone}`}
            role={toast.tone === 'error' ? 'alert' : undefined}
          >
            <Icon className="toast-icon" aria-hidden="true" />
            <div className="toast-words">
              <strong>{toast.title}</strong>
              {toast.text && <p>{toast.text}</p>}
              {action && (
                <button
                  className="button small"
                  onClick={() => {
                    action.run();
                    dismissToast(toast.id);
                  }}
                >
                  {action.label}
                </button>
              )}
            </div>
            <button
              className="icon-button small"
              onClick={() => dismissToast(toast.id)}
              aria-label={t('common.dismiss')}
            >
              <X aria-hidden="true" />
            </button>
          </div>
        );
      })}
    </div>
  );
}
