import { House, RotateCw } from 'lucide-react';
import { useEffect, useState, type ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { navigate } from '../core/route';
import { NoticePage } from '../ui/NoticePage';

let loaded: ComponentType | undefined;

/** Fetches the connection test: nobody who goes to a meeting pays for it. */
export function TestPage() {
  const { t } = useTranslation();
  const [Page, setPage] = useState(() => loaded);
  const [attempt, setAttempt] = useState(0);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (Page) return;
    import('./ConnectionTest').then(
      ({ default: found }) => {
        loaded = found;
        setPage(() => found);
      },
      () => setFailed(true),
    );
  }, [Page, attempt]);
  if (Page) return <Page />;
  if (!failed) return null;
  return (
    <NoticePage
      title={t('error.unreachable.title')}
      tone="alert"
      actions={
        <>
          <button
            className="button primary"
            onClick={() => {
              setFailed(false);
              setAttempt(attempt + 1);
            }}
          >
            <RotateCw aria-hidden="true" />
            {t('ended.tryAgain')}
          </button>
          <button className="button" onClick={() => navigate('/')}>
            <House aria-hidden="true" />
            {t('ended.home')}
          </button>
        </>
      }
    >
      <p>{t('error.unreachable.text')}</p>
    </NoticePage>
  );
}
