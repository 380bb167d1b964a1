/** Who sits where: an order that stays put. Whoever is looked for is found where they were. */
export type Seats = readonly string[];

/**
 * Those who stay keep their seats and who is new takes the last. A seat that was left is taken by the last of all
 * where there are pages, so that one tile moves and not all of them.
 */
export function reseat(seats: Seats, present: readonly string[], perPage: number): Seats {
  const [here, known] = [new Set(present), new Set(seats)];
  const newcomers = present.filter((key) => !known.has(key));
  const next: (string | undefined)[] = seats.map((key) => (here.has(key) ? key : newcomers.shift()));
  next.push(...newcomers);
  const pageOf = (index: number) => Math.floor(index / perPage);
  for (let index = 0; index < next.length; index += 1) {
    if (next[index] !== undefined) continue;
    const last = next.findLastIndex((key) => key !== undefined);
    if (last <= index || pageOf(last) === pageOf(index)) continue;
    next[index] = next[last];
    next[last] = undefined;
  }
  const taken = next.filter((key) => key !== undefined);
  return sameSeats(seats, taken) ? seats : taken;
}

/**
 * Brings somebody to the first page, in exchange for the one who has not spoken for longest; nobody else moves.
 * `recent`: who has spoken, the last one first. `held`: who keeps the seat in any case.
 */
export function bringIn(
  seats: Seats,
  key: string,
  perPage: number,
  recent: readonly string[],
  held: ReadonlySet<string> = new Set(),
): Seats {
  const from = seats.indexOf(key);
  if (from < perPage) return seats;
  const silence = (one: string) => (recent.includes(one) ? recent.indexOf(one) : Infinity);
  let to: number | undefined;
  seats.slice(0, perPage).forEach((one, index) => {
    if (held.has(one)) return;
    if (to === undefined || silence(one) >= silence(seats[to] ?? '')) to = index;
  });
  return to === undefined ? seats : exchange(seats, from, to);
}

/** Gives somebody the first seat, which is the stage of the speaker view: who had it gets the other's. */
export function bringToFront(seats: Seats, key: string): Seats {
  const from = seats.indexOf(key);
  return from > 0 ? exchange(seats, from, 0) : seats;
}

export function sameSeats(a: Seats, b: Seats): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}

function exchange(seats: Seats, one: number, other: number): Seats {
  return seats.map(
    (key, index) => (index === one ? seats[other] : index === other ? seats[one] : key) ?? key,
  );
}
