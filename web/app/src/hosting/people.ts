/** What the order of the list depends on. */
export interface Listed {
  name: string;
  hand: number | undefined;
}

/** Raised hands first, in the order they went up, with their place in it; then the others as they were. */
export function inOrder<T extends Listed>(people: readonly T[]): { person: T; place: number | undefined }[] {
  const raised = people
    .filter(({ hand }) => hand !== undefined)
    .sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0));
  const others = people.filter(({ hand }) => hand === undefined);
  return [
    ...raised.map((person, index) => ({ person, place: index + 1 })),
    ...others.map((person) => ({ person, place: undefined })),
  ];
}

/** So many fit on a screen: looking is faster than typing. */
export const searchFrom = 9;

export function isFound(name: string, search: string): boolean {
  const fold = (text: string) => text.normalize('NFKC').trim().toLowerCase();
  return fold(name).includes(fold(search));
}

/** "Ann, Bob, Cy" and how many more there are. */
export function firstNames(people: readonly { name: string }[], most = 3): { names: string[]; more: number } {
  return { names: people.slice(0, most).map(({ name }) => name), more: Math.max(0, people.length - most) };
}
