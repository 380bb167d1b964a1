import { useTranslation } from 'react-i18next';
import type { LocalNotice } from './notices';

/** What came of commands, where it was said. */
export function LocalNotices({ notices }: { notices: readonly LocalNotice[] }) {
  const { t } = useTranslation('hosting');
  return notices.map(({ id, tone, text, lines }) => (
    <div key={id} className="local-notice" data-tone={tone}>
      <p>
        {text} <small>{t('command.onlyYou')}</small>
      </p>
      {lines && (
        <dl>
          {lines.map(({ usage, text }) => (
            <div key={usage}>
              <dt>
                <code>{usage}</code>
              </dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  ));
}
