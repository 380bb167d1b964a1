import type { Assignment, Breakouts } from '@kaigi/client';

/** Deals people out to rooms at random, so that no room has two more than another. */
export function spread(
  people: readonly string[],
  rooms: number,
  random: () => number = Math.random,
): Assignment[] {
  if (rooms < 1) return [];
  const shuffled = [...people];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] ?? '', shuffled[last] ?? ''];
  }
  return shuffled.map((participant, index) => ({ participant, room: index % rooms }));
}

/** Of some rooms, those titles one may not use: empty, or too long for the server. */
export function titleProblem(title: string, limitBytes: number): boolean {
  return title.trim() === '' || new TextEncoder().encode(title).length > limitBytes;
}

/** The title of the breakout room one is in. */
export function ownTitle({ own, rooms }: Breakouts): string | undefined {
  return own === undefined ? undefined : rooms[own]?.title;
}

/** "04:12", and "1:04:12" from an hour on. */
export function clock(seconds: number): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}
