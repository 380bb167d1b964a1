import type { Room } from '@kaigi/client';
import i18next from 'i18next';
import { explainHosting } from '../../hosting/words';
import '../../hosting/texts';
import { complete, type Completion } from './complete';
import { notice } from './notices';
import { isCommand, parse } from './parse';
import { run } from './run';
import { sceneOf } from './scene';
import { helpLines, problemWords } from './words';

/** How the typed text may go on. */
export function completions(text: string, room: Room): Completion[] {
  return complete(text, sceneOf(room));
}

/** Does what the text commands, and says what came of it; returns the text that is a message after all. */
export function take(text: string, room: Room): string | undefined {
  if (!isCommand(text) && !text.startsWith('//')) return text;
  const t = i18next.getFixedT(null, 'hosting');
  const scene = sceneOf(room);
  const read = parse(text, scene);
  if ('message' in read) return read.message;
  if ('problem' in read) {
    notice(room, { tone: 'error', text: problemWords(read, t) });
  } else if (read.command.do === 'help') {
    notice(room, { tone: 'info', text: t('command.help'), lines: helpLines(scene, t) });
  } else {
    run(read.command, room, t).then(
      (said) => notice(room, { tone: 'info', text: said }),
      (error: unknown) => notice(room, { tone: 'error', text: explainHosting(error) }),
    );
  }
  return undefined;
}
