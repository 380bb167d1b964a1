import type { Room } from '@kaigi/client';
import { useEffect, useState } from 'react';
import { emptyDraft, moved, type Draft } from './draft';

export type SetDraft = (change: (before: Draft) => Draft) => void;

/** What is being written outlives the panel, and as far as it makes sense the room. */
export function useDraft(room: Room): [Draft, SetDraft] {
  const [draft, setDraft] = useState(emptyDraft);
  useEffect(() => room.on('moved', () => setDraft(moved)), [room]);
  return [draft, setDraft];
}
