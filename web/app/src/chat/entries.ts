import type { ChatEntry } from '@kaigi/client';

/** What the chat shows: a person's messages in a row under one heading, or a notice. */
export type ChatBlock =
  | {
      type: 'messages';
      key: number;
      from: string;
      name: string;
      at: number;
      messages: { id: number; text: string }[];
    }
  | { type: 'file'; key: number; entry: ChatEntry }
  | { type: 'notice'; key: number; kind: 'joined' | 'left'; name: string; at: number };

const sameBlockMilliseconds = 3 * 60_000;

export function chatBlocks(entries: readonly ChatEntry[]): ChatBlock[] {
  const blocks: ChatBlock[] = [];
  for (const entry of entries) {
    if (entry.body.type === 'joined' || entry.body.type === 'left') {
      blocks.push({ type: 'notice', key: entry.id, kind: entry.body.type, name: entry.name, at: entry.at });
      continue;
    }
    if (entry.body.type === 'file') blocks.push({ type: 'file', key: entry.id, entry });
    if (entry.body.type !== 'message') continue;
    const message = { id: entry.id, text: entry.body.text };
    const last = blocks[blocks.length - 1];
    if (
      last?.type === 'messages' &&
      last.from === entry.from &&
      last.name === entry.name &&
      entry.at - last.at < sameBlockMilliseconds
    ) {
      last.messages.push(message);
    } else {
      blocks.push({
        type: 'messages',
        key: entry.id,
        from: entry.from,
        name: entry.name,
        at: entry.at,
        messages: [message],
      });
    }
  }
  return blocks;
}

/** Messages of others after the last one read. */
export function unreadCount(entries: readonly ChatEntry[], own: string, lastRead: number): number {
  return entries.filter(
    (entry) => entry.id > lastRead && entry.from !== own && ['message', 'file'].includes(entry.body.type),
  ).length;
}
