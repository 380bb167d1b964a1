import type { Named } from './grammar';

/** Why a name says nothing. */
export type NameProblem =
  { problem: 'missing' } | { problem: 'nobody'; name: string } | { problem: 'several'; name: string };

export type Taken<Id> = { found: Named<Id>; rest: string } | NameProblem;

const quotes: Readonly<Record<string, string>> = { '"': '"', '“': '”', '「': '」', "'": "'" };

const fold = (text: string) => text.normalize('NFKC').toLowerCase();

/**
 * Takes a name off the front of a text. It may be quoted; otherwise the longest name the text begins with counts, so
 * that blanks in names need no quotes, and then the beginning of a name that only one has.
 */
export function takeName<Id>(text: string, all: readonly Named<Id>[]): Taken<Id> {
  const trimmed = text
    .normalize('NFKC')
    .trimStart()
    .replace(/^@(?=\S)/, '');
  if (trimmed === '') return { problem: 'missing' };
  const closing = quotes[trimmed[0] ?? ''];
  const end = closing === undefined ? -1 : trimmed.indexOf(closing, 1);
  if (end > 0) return pick(trimmed.slice(1, end), trimmed.slice(end + 1), all);

  const wanted = fold(trimmed);
  const fits = all.filter(({ name }) => {
    const known = fold(name);
    return known !== '' && wanted.startsWith(known) && /^(?:\s|$)/.test(wanted.slice(known.length));
  });
  const longest = Math.max(0, ...fits.map(({ name }) => fold(name).length));
  // "Ann L" is Ann Lee, even where there is an Ann.
  const [begins, ...others] = all.filter(({ name }) => fold(name).startsWith(fold(trimmed.trimEnd())));
  if (begins && others.length === 0 && longest < trimmed.trimEnd().length) return { found: begins, rest: '' };
  if (longest > 0) {
    return single(
      fits.filter(({ name }) => fold(name).length === longest),
      trimmed.slice(0, longest),
      trimmed.slice(longest),
    );
  }
  // Longest beginning first, where something else follows.
  const words = trimmed.trimEnd().split(/(?<=\S)(?=\s)/);
  for (let count = words.length; count > 0; count -= 1) {
    const beginning = words.slice(0, count).join('');
    const begun = all.filter(({ name }) => fold(name).startsWith(fold(beginning)));
    if (begun.length > 0) return single(begun, beginning, words.slice(count).join(''));
  }
  return { problem: 'nobody', name: trimmed.trim() };
}

function pick<Id>(name: string, rest: string, all: readonly Named<Id>[]): Taken<Id> {
  const wanted = fold(name.trim());
  const same = all.filter((one) => fold(one.name) === wanted);
  const found =
    same.length > 0 ? same : all.filter((one) => wanted !== '' && fold(one.name).startsWith(wanted));
  return single(found, name, rest);
}

function single<Id>(found: readonly Named<Id>[], name: string, rest: string): Taken<Id> {
  const [first] = found;
  if (!first) return { problem: 'nobody', name };
  return found.length > 1 ? { problem: 'several', name } : { found: first, rest: rest.trim() };
}
