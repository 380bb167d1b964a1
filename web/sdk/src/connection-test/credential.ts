import type { TurnCredential } from '../wire.gen';
import { deadline } from './deadline';
import type { TestProblem } from './types';

/** A credential for the server's TURN, or why there is none. */
export type CredentialAnswer =
  | { turn: TurnCredential }
  /** `reached`: the server answered at all. */
  | { problem: TestProblem; reached: boolean };

/** Asks for the connection test's own, short-lived credential. */
export async function fetchCredential(
  url: string,
  fetch: typeof globalThis.fetch,
  milliseconds: number,
  outer: AbortSignal,
): Promise<CredentialAnswer> {
  const { signal, release } = deadline(milliseconds, outer);
  try {
    const response = await fetch(url, { method: 'POST', credentials: 'include', signal });
    // The server knows who may relay by the cookie that came with the page.
    if (response.status === 403) return { problem: 'cookies-blocked', reached: true };
    if (response.status === 429) return { problem: 'too-many-tests', reached: true };
    const answer: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
    const turn = (answer as { turn?: TurnCredential } | undefined)?.turn;
    if (typeof turn?.username !== 'string' || typeof turn.credential !== 'string') {
      return { problem: 'no-credential', reached: true };
    }
    return { turn };
  } catch {
    return { problem: 'server-unreachable', reached: false };
  } finally {
    release();
  }
}
