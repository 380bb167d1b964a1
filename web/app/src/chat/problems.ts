import i18next, { type TFunction } from 'i18next';
import { errorCode, explain, type Explanation } from '../core/errors';

/** Why something in the chat did not happen, in words. */
export function explainChat(error: unknown, t: TFunction): Explanation {
  const chat = i18next.getFixedT(null, 'chat');
  switch (errorCode(error)) {
    case 'not-found':
      return { title: chat('problem.gone'), text: chat('problem.goneText') };
    case 'not-allowed':
      return { title: chat('problem.notAllowed'), text: chat('problem.notAllowedText') };
    case 'no-such-participant':
      return { title: chat('problem.left'), text: chat('problem.leftText') };
    default:
      return explain(error, 'chat', t);
  }
}
