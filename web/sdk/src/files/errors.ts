import { KaigiError } from '../types';
import type { Reason } from './messages';

/** What can go wrong with a file, in words. */
export const fileErrors = {
  gone: () =>
    new KaigiError('file-gone', 'Whoever shared the file has left or reloaded the page; ask for it again.'),
  changed: () =>
    new KaigiError(
      'file-changed',
      'The file was changed or moved since it was shared; it has to be shared again.',
    ),
  withdrawn: () => new KaigiError('file-withdrawn', 'The file was taken back by whoever shared it.'),
  corrupt: () =>
    new KaigiError('file-corrupt', 'What arrived is not what was sent, and was thrown away; fetch it again.'),
  stalled: () =>
    new KaigiError('file-stalled', 'Nothing has come for a minute; try again when the connection is better.'),
  notStored: (cause: unknown) =>
    new KaigiError('file-not-stored', 'The file could not be written; is there enough space?', { cause }),
  tooLarge: (bytes: number, limit: number) =>
    new KaigiError(
      'file-too-large',
      `This browser can only keep ${Math.floor(limit / 1e6)} MB of a file, and this one has ${Math.ceil(bytes / 1e6)} MB; use a current Chrome, Edge, Firefox or Safari.`,
    ),
  tooMany: (limit: number) =>
    new KaigiError('too-many-files', `At most ${limit} files can be shared at once; take one back first.`),
};

export function fromReason(reason: Reason): KaigiError {
  return fileErrors[reason]();
}
