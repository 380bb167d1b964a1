import type { TFunction } from 'i18next';
import { usable, usageOf, type Scene } from './grammar';
import type { Problem } from './parse';

type Words = TFunction<'hosting'>;

/** What is wrong with a command, and what would be right. */
export function problemWords(problem: Problem, t: Words): string {
  switch (problem.problem) {
    case 'unknown':
      return problem.near === undefined
        ? t('command.unknown', { name: problem.name })
        : t('command.unknownNear', { name: problem.name, near: problem.near });
    case 'not-host':
      return t('command.notHost', { name: problem.name });
    case 'usage':
      return t('command.usage', { usage: usageOf[problem.name] });
    case 'nobody':
      return t('command.nobody', { name: problem.name });
    case 'several':
      return t('command.several', { name: problem.name });
    case 'nobody-waits':
      return t('command.nobodyWaits', { name: problem.name });
    case 'no-breakouts':
      return t('command.noBreakouts');
    case 'no-such-breakout':
      return t('command.noSuchBreakout', { name: problem.name });
  }
}

/** The list that `/help` shows: how each command is written, and what it does. */
export function helpLines(scene: Scene, t: Words): { usage: string; text: string }[] {
  return usable(scene).map((name) => ({ usage: usageOf[name], text: t(`command.${name}`) }));
}
