/** Whoever may have a hand up; `hand` is since when. */
export interface Handed {
  id: string;
  hand: number | undefined;
}

/** Who has a hand up, and as which: who raised it first is number 1. */
export function handOrder(people: readonly Handed[]): ReadonlyMap<string, number> {
  const raised = people.filter((one): one is { id: string; hand: number } => one.hand !== undefined);
  raised.sort((a, b) => a.hand - b.hand);
  return new Map(raised.map(({ id }, index) => [id, index + 1]));
}
