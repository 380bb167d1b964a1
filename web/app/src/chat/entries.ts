import type { ChatEntry } from '@kaigi/client';

/** A line as it is drawn: under a heading of its own, or under that of the line before. */
export interface Row {
  entry: ChatEntry;
  head: boolean;
}

const sameHeadMilliseconds = 3 * 60_000;

/** The lines from `start` to before `end`. */
export function chatRows(entries: readonly ChatEntry[], start: number, end: number): Row[] {
  const rows: Row[] = [];
  /** Since when the same one has been writing to the same. */
  let since: ChatEntry | undefined;
  for (const entry of entries.slice(start, end)) {
    const said = isSaid(entry);
    const head = said && !(since && sameBreath(since, entry));
    if (head || !said) since = said ? entry : undefined;
    rows.push({ entry, head });
  }
  return rows;
}

/** Somebody's message, poll or what is left of one; otherwise a notice. */
export function isSaid({ body: { type } }: ChatEntry): boolean {
  return type !== 'joined' && type !== 'left';
}

function sameBreath(head: ChatEntry, entry: ChatEntry): boolean {
  return (
    head.from === entry.from &&
    head.name === entry.name &&
    head.to === entry.to &&
    entry.at - head.at < sameHeadMilliseconds
  );
}

/** The line with this number: they are in order. */
export function lineOf(entries: readonly ChatEntry[], id: number): ChatEntry | undefined {
  const entry = entries[indexOf(entries, id)];
  return entry?.id === id ? entry : undefined;
}

/** Where the first line with this number or a later one is. */
export function indexOf(entries: readonly ChatEntry[], id: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.id ?? Infinity) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last message of one's own that can be edited. */
export function lastOwn(entries: readonly ChatEntry[], own: string): ChatEntry | undefined {
  return entries.findLast(({ from, body }) => from === own && body.type === 'message');
}

/** Whom a private line goes between oneself and; undefined if it is for all. */
export function counterpart({ from, to }: ChatEntry, own: string): string | undefined {
  return to === undefined ? undefined : from === own ? to : from;
}

/** A participant's name, also of one who has left: what is known of it from the chat. */
export function nameIn(
  entries: readonly ChatEntry[],
  people: readonly { id: string; name: string }[],
  id: string,
): string | undefined {
  return (people.find((one) => one.id === id) ?? entries.findLast(({ from }) => from === id))?.name;
}

export interface Unread {
  count: number;
  /** Those among them that are for nobody else. */
  personal: number;
}

/** Messages, polls and files of others after the last line read. */
export function unreadOf(entries: readonly ChatEntry[], own: string, lastRead: number): Unread {
  const unread = { count: 0, personal: 0 };
  for (const { from, to, body } of entries.slice(indexOf(entries, lastRead + 1))) {
    if (from === own || (body.type !== 'message' && body.type !== 'poll' && body.type !== 'file')) continue;
    unread.count += 1;
    if (to !== undefined) unread.personal += 1;
  }
  return unread;
}
