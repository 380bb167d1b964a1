import { KaigiError } from './types';

/** The server's whole address; a relative one is relative to the page. */
export function resolveServerUrl(serverUrl: string): string {
  const base = typeof location === 'undefined' ? undefined : location.href;
  try {
    return new URL(serverUrl, base).href;
  } catch (cause) {
    throw new KaigiError('server-unreachable', `"${serverUrl}" is not an address of a server.`, { cause });
  }
}
