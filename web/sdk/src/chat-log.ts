import type { ChatEntry } from './wire.gen';

/** Lines kept; a meeting of a day fits. */
const KEPT = 2_000;

/** The chat as far as this client has seen it, in order, each line once. */
export class ChatLog {
  #entries: readonly ChatEntry[] = [];

  /** A new array whenever something was added. */
  get entries(): readonly ChatEntry[] {
    return this.#entries;
  }

  /** Takes lines in; those already known are left out. Returns the new ones, oldest first. */
  merge(lines: readonly ChatEntry[]): readonly ChatEntry[] {
    const known = new Set(this.#entries.map((entry) => entry.id));
    const added: ChatEntry[] = [];
    for (const line of lines) {
      if (known.has(line.id)) continue;
      known.add(line.id);
      added.push(line);
    }
    if (added.length === 0) return added;
    added.sort((a, b) => a.id - b.id);
    this.#entries = [...this.#entries, ...added].sort((a, b) => a.id - b.id).slice(-KEPT);
    return added;
  }

  /** Takes in how known lines are now (edited, taken back, voted on). Returns those that are another than before. */
  update(lines: readonly ChatEntry[]): readonly ChatEntry[] {
    const now = new Map(lines.map((line) => [line.id, line]));
    const changed: ChatEntry[] = [];
    const entries = this.#entries.map((before) => {
      const line = now.get(before.id);
      if (!line || JSON.stringify(line) === JSON.stringify(before)) return before;
      changed.push(line);
      return line;
    });
    if (changed.length > 0) this.#entries = entries;
    return changed;
  }

  /** This is another chat now. */
  clear(): void {
    this.#entries = [];
  }
}
