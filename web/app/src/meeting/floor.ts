/** Who has the floor: the one who speaks, until somebody else does. */
export interface Floor {
  speaker: string | undefined;
  /** Since when each of those speaks who do, in milliseconds of the page. */
  since: ReadonlyMap<string, number>;
  /** Who has had the floor, the last one first. */
  recent: readonly string[];
}

export const silence: Floor = { speaker: undefined, since: new Map(), recent: [] };

/** Nobody takes the floor by a cough. */
const takesFloorMilliseconds = 800;

/** `talking`: who is heard at this moment. */
export function listen(floor: Floor, talking: readonly string[], now: number): Floor {
  const since = new Map(talking.map((id) => [id, floor.since.get(id) ?? now]));
  const { speaker, recent } = floor;
  if (speaker !== undefined && since.has(speaker)) return { ...floor, since };
  const [next] = [...since]
    .filter(([, begun]) => now - begun >= takesFloorMilliseconds)
    .sort(([, a], [, b]) => a - b)
    .map(([id]) => id);
  if (next === undefined) return { ...floor, since };
  return { speaker: next, since, recent: [next, ...recent.filter((id) => id !== next)] };
}

/** When to look again although nobody begins or ends: somebody will have spoken for long enough. */
export function nextLook({ speaker, since }: Floor): number | undefined {
  if (since.size === 0 || (speaker !== undefined && since.has(speaker))) return undefined;
  return Math.min(...since.values()) + takesFloorMilliseconds;
}
