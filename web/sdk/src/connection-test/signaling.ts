import type { Connect, Connection, Transport } from '../connection';
import { deadline } from './deadline';
import type { SignalingFindings } from './types';

export interface OpenSignaling {
  connection: Connection;
  findings: SignalingFindings;
}

/** Connects as a meeting does, over one transport, and asks something. Undefined if that does not work in time. */
export async function openSignaling(
  connect: Connect,
  { serverUrl, transport }: { serverUrl: string; transport: Transport },
  milliseconds: number,
  outer: AbortSignal,
  onLost: () => void,
): Promise<OpenSignaling | undefined> {
  const { signal, release } = deadline(milliseconds, outer);
  const startedAt = performance.now();
  let connection: Connection | undefined;
  let open = false;
  try {
    const opened = await new Promise<boolean>((resolve) => {
      signal.addEventListener('abort', () => resolve(false), { once: true });
      if (signal.aborted) return resolve(false);
      connection = connect(
        { serverUrl, transports: [transport] },
        {
          opened: () => resolve(true),
          event: () => undefined,
          transport: () => undefined,
          lost: () => {
            if (open) onLost();
            else resolve(false);
          },
        },
      );
    });
    if (!opened || !connection) return undefined;
    const openMs = performance.now() - startedAt;
    // Refused, as we are in no room: what counts is how long the answer takes.
    await connection.request('leave', {}, milliseconds - openMs);
    if (signal.aborted) return undefined;
    open = true;
    const roundTripMs = performance.now() - startedAt - openMs;
    return { connection, findings: { openMs, roundTripMs } };
  } catch {
    return undefined;
  } finally {
    release();
    if (!open) connection?.close();
  }
}
