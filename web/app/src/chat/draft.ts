import type { ChatEntry } from '@kaigi/client';
import { counterpart } from './entries';

/** What is being written, for whom, and in answer to what. */
export interface Draft {
  text: string;
  /** Only for this one; their name is kept for when they leave. */
  to?: { id: string; name: string } | undefined;
  /** The number of the line it answers. */
  replyTo?: number | undefined;
  /** An answer to something private: it stays private. */
  locked?: boolean;
  /** It replaces this message; `kept` is what was being written before. */
  editing?: { id: number; kept: Draft } | undefined;
}

export const emptyDraft: Draft = { text: '' };

/** In answer to a line, among the same people as that. */
export function answer(draft: Draft, entry: ChatEntry, own: string, nameOf: (id: string) => string): Draft {
  const other = counterpart(entry, own);
  const { text } = settled(draft);
  if (other === undefined) return { text, replyTo: entry.id };
  return { text, replyTo: entry.id, to: { id: other, name: nameOf(other) }, locked: true };
}

/** In answer to a line, for nobody but who wrote it. */
export function answerPrivately(draft: Draft, entry: ChatEntry): Draft {
  const { text } = settled(draft);
  return { text, replyTo: entry.id, to: { id: entry.from, name: entry.name }, locked: true };
}

/** Another text for a message of one's own. */
export function edit(draft: Draft, entry: ChatEntry): Draft {
  if (entry.body.type !== 'message') return draft;
  return { text: entry.body.text, editing: { id: entry.id, kept: settled(draft) } };
}

/** Neither an answer nor an edit any more. */
export function withoutReference(draft: Draft): Draft {
  if (draft.editing) return draft.editing.kept;
  return { text: draft.text, to: draft.to };
}

/** In another room: its lines are not there; what was written is kept. */
export function moved(draft: Draft): Draft {
  const { text, to } = settled(draft);
  return { text, to };
}

/** Once it is sent: the next one is for the same people. */
export function sent(draft: Draft): Draft {
  return { text: '', to: draft.to };
}

/** What was being written apart from an edit. */
function settled(draft: Draft): Draft {
  return draft.editing?.kept ?? draft;
}
