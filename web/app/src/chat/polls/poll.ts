import { LIMITS, type NewPoll, type Poll } from '@kaigi/client';

/** Why a poll cannot be asked as it is. */
export type PollProblem =
  | { type: 'question' }
  | { type: 'few' }
  | { type: 'many'; count: number }
  | { type: 'long'; bytes: number }
  | { type: 'twice'; text: string };

const bytes = (text: string) => new TextEncoder().encode(text).length;

/** What was filled in as the server takes it: without blanks around, without options left empty. */
export function trimmed(poll: NewPoll): NewPoll {
  const options = poll.options.map((option) => option.trim()).filter((option) => option !== '');
  return { ...poll, question: poll.question.trim(), options };
}

export function pollProblem(poll: NewPoll): PollProblem | undefined {
  const { question, options } = trimmed(poll);
  if (options.length > LIMITS.pollOptions) return { type: 'many', count: options.length };
  const longest = Math.max(bytes(question), ...options.map(bytes));
  if (longest > LIMITS.pollTextBytes) return { type: 'long', bytes: longest };
  const twice = options.find((option, index) => options.indexOf(option) < index);
  if (twice !== undefined) return { type: 'twice', text: twice };
  if (question === '') return { type: 'question' };
  return options.length < 2 ? { type: 'few' } : undefined;
}

/** A list pasted into an option is several; what else is pasted is left to the browser. */
export function pasted(options: readonly string[], at: number, text: string): string[] | undefined {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length < 2) return undefined;
  const here = (options[at] ?? '').trim() === '' ? [] : [options[at] ?? ''];
  const after = options.slice(at + 1).filter((option) => option.trim() !== '');
  return [...options.slice(0, at), ...here, ...lines, ...after];
}

/** The share of those who have voted, 0..1. */
export function share(poll: Poll, votes: number): number {
  return poll.voters === 0 ? 0 : Math.min(1, votes / poll.voters);
}

/** The same options are chosen, in whichever order. */
export function sameChoice(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((option) => other.includes(option));
}
