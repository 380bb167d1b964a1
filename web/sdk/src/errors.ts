import { KaigiError } from './types';
import type { ClientErrorCode } from './types';
import type { ErrorCode, Error as WireError } from './wire.gen';

/** The signaling connection ended before the server had answered: whether it acted is not known. */
export class ConnectionLost extends Error {
  constructor(why: string) {
    super(`the connection to the server was lost (${why})`);
    this.name = 'ConnectionLost';
  }
}

/** The server's refusal as an error. */
export function fromWire(error: WireError): KaigiError {
  return new KaigiError(error.code, error.message);
}

/** Reads an acknowledgement. Anything that is neither `ok` nor `error` is not a Kaigi server. */
export function readAnswer<T>(answer: unknown): T {
  if (typeof answer === 'object' && answer !== null) {
    if ('ok' in answer) return answer.ok as T;
    if ('error' in answer) throw fromWire(answer.error as WireError);
  }
  throw new KaigiError('bad-request', 'The server gave an answer that this client does not understand.');
}

/** Will the same join succeed a moment later, without anybody doing anything? */
export function isPassing(code: ErrorCode | ClientErrorCode): boolean {
  return code === 'shutting-down' || code === 'rate-limited';
}

/** What `getUserMedia` and `getDisplayMedia` reject with (W3C mediacapture-main §10.2), in our words. */
export function fromMediaError(error: unknown, what: 'microphone' | 'camera' | 'screen'): KaigiError {
  if (error instanceof KaigiError) return error;
  const { name, message } = describe(error);
  const because = (code: ClientErrorCode, text: string) => new KaigiError(code, text, { cause: error });
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      // Chromium says "Permission denied by system", Firefox and Safari name the platform or user agent.
      if (/system|platform/i.test(message)) {
        return because(
          'permission-denied-by-system',
          `The operating system does not let this browser use the ${what}; allow it in the system's privacy settings.`,
        );
      }
      return what === 'screen'
        ? because('screen-share-cancelled', 'No screen was chosen.')
        : because('permission-denied', `This page may not use the ${what}; allow it beside the address bar.`);
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return because('device-not-found', `No ${what} was found; plug one in.`);
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return because('device-busy', `The ${what} is in use by another program, or does not answer.`);
    case 'NotSupportedError':
      if (what === 'screen') return screenShareUnsupported();
      break;
    default:
  }
  return because('media-failed', `The ${what} could not be opened: ${message || name}.`);
}

export function insecureContext(): KaigiError {
  return new KaigiError(
    'insecure-context',
    'Browsers allow microphone, camera and screen on https pages only; open this page with https.',
  );
}

export function screenShareUnsupported(): KaigiError {
  return new KaigiError('screen-share-unsupported', 'This browser cannot share a screen.');
}

export function aborted(): KaigiError {
  return new KaigiError('aborted', 'Joining was called off.');
}

function describe(error: unknown): { name: string; message: string } {
  if (typeof error !== 'object' || error === null) return { name: '', message: String(error) };
  const { name, message } = error as { name?: unknown; message?: unknown };
  return { name: String(name ?? ''), message: String(message ?? '') };
}
