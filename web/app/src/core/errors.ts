import { KaigiError, LIMITS } from '@kaigi/client';
import type { TFunction } from 'i18next';
import { thisBrowser } from './browser';
import type { RoomNameProblem } from './room-name';

/** An error as a person reads it: what happened, and what to do. */
export interface Explanation {
  title: string;
  text: string;
}

export type ErrorContext = 'mic' | 'camera' | 'screen' | 'join' | 'chat' | 'host';

export function errorCode(error: unknown): KaigiError['code'] | 'unknown' {
  return error instanceof KaigiError ? error.code : 'unknown';
}

/** The words for an error; raw exception texts never reach the page. */
export function explain(error: unknown, context: ErrorContext, t: TFunction): Explanation {
  const code = errorCode(error);
  const device = context === 'camera' ? 'camera' : 'mic';
  switch (code) {
    case 'permission-denied':
      if (context === 'screen')
        return { title: t('error.screenDenied.title'), text: t('error.screenDenied.text') };
      return {
        title: t(`error.permissionDenied.${device}`),
        text: t(`permission.${thisBrowser()}`),
      };
    case 'permission-denied-by-system':
      return {
        title: t(`error.permissionSystem.${device}`),
        text: t('error.permissionSystem.text'),
      };
    case 'device-not-found':
      return { title: t(`error.notFound.${device}`), text: t(`error.notFound.${device}Text`) };
    case 'device-busy':
      return { title: t(`error.busy.${device}`), text: t('error.busy.text') };
    case 'media-failed':
      return { title: t('error.mediaFailed.title'), text: t('error.mediaFailed.text') };
    case 'insecure-context':
      return { title: t('error.insecure.title'), text: t('error.insecure.text') };
    case 'screen-share-cancelled':
      return { title: t('error.screenDenied.title'), text: t('error.screenDenied.text') };
    case 'screen-share-unsupported':
      return { title: t('error.screenUnsupported.title'), text: t('error.screenUnsupported.text') };
    case 'server-unreachable':
    case 'shutting-down':
      return { title: t('error.unreachable.title'), text: t('error.unreachable.text') };
    case 'timeout':
      return { title: t('error.timeout.title'), text: t('error.timeout.text') };
    case 'version-mismatch':
      return { title: t('error.version.title'), text: t('error.version.text') };
    case 'room-full':
      return { title: t('error.roomFull.title'), text: t('error.roomFull.text') };
    case 'token-required':
      return { title: t('error.tokenRequired.title'), text: t('error.tokenRequired.text') };
    case 'bad-token':
      return { title: t('error.badToken.title'), text: t('error.badToken.text') };
    case 'room-locked':
      return { title: t('error.roomLocked.title'), text: t('error.roomLocked.text') };
    case 'not-host':
      return { title: t('error.notHost.title'), text: t('error.notHost.text') };
    case 'no-such-participant':
      if (context === 'host') return { title: t('error.gone.title'), text: t('error.gone.text') };
      break;
    case 'server-full':
      return { title: t('error.serverFull.title'), text: t('error.serverFull.text') };
    case 'invalid-room-name':
      return { title: t('error.roomName.title'), text: t('error.roomName.text') };
    case 'invalid-display-name':
      return { title: t('error.displayName.title'), text: t('error.displayName.text') };
    case 'wrong-key':
      return { title: t('error.wrongKey.title'), text: t('error.wrongKey.text') };
    case 'rate-limited':
      return { title: t('error.rateLimited.title'), text: t('error.rateLimited.text') };
    case 'too-large':
      return { title: t('error.tooLarge.title'), text: t('error.tooLarge.text') };
    default:
  }
  return { title: t('error.unknown.title'), text: t('error.unknown.text') };
}

/** What is wrong with a room's name, and what would be right. */
export function explainRoomName(problem: RoomNameProblem, t: TFunction): string {
  switch (problem.type) {
    case 'empty':
      return t('landing.roomMissing');
    case 'too-long':
      return t('roomName.tooLong', { characters: problem.characters, limit: LIMITS.roomNameChars });
    case 'forbidden': {
      const { character } = problem;
      const words =
        character === '.'
          ? t('roomName.onlyDots')
          : /[\p{C}\p{Z}]/u.test(character)
            ? t('roomName.invisible')
            : t('roomName.forbidden', { character });
      // Chinese puts no blank between sentences.
      return `${words}${words.endsWith('。') ? '' : ' '}${t('error.roomName.text')}`;
    }
  }
}
