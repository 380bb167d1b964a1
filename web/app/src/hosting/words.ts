import i18next from 'i18next';
import { errorCode, explain } from '../core/errors';
import { showToast } from '../core/toasts';
import './texts';

/** Why the server did not do what a host wanted, in a sentence. */
export function explainHosting(error: unknown): string {
  const t = i18next.getFixedT(null, 'hosting');
  switch (errorCode(error)) {
    case 'not-host':
      return t('refused.notHost');
    case 'no-such-participant':
      return t('refused.gone');
    case 'not-found':
      return t('refused.notFound');
    case 'not-allowed':
      return t('refused.notAllowed');
    case 'bad-request':
      return t('refused.badRequest');
    default:
      return explain(error, 'host', i18next.t).text;
  }
}

/** For buttons: does it, and says so only when it was not done. */
export function attempt(doing: Promise<void>): void {
  doing.catch((error: unknown) =>
    showToast({
      tone: 'error',
      title: i18next.getFixedT(null, 'hosting')('refused.title'),
      text: explainHosting(error),
    }),
  );
}
