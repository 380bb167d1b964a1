import type { ParticipantId } from '../wire.gen';

/** Carries messages about files to one participant, by whichever way leads there. */
export interface Pipe {
  /** More content may be handed over now; when not, it is said later that it may. */
  hasRoom(to: ParticipantId): boolean;
  /** `bulk`: content, which everything else overtakes. */
  send(to: ParticipantId, message: Uint8Array, bulk: boolean): void;
}

/** Content in one message: small enough that a slow line carries some in a second. */
export const CHUNK_BYTES = 16 * 1024;
