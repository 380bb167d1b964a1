import type { FileTransfer } from '@kaigi/client';
import i18next from 'i18next';
import { errorCode } from '../core/errors';
import { isPicture } from './pictures';

/** Texts of this folder, in whichever language is on. */
export const fileTexts = () => i18next.getFixedT(null, 'files');
export type FileTexts = ReturnType<typeof fileTexts>;

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** "0 B", "734 kB", "12.4 MB": decimal units, as file managers show them. */
export function formatBytes(bytes: number, language: string): string {
  let power = 0;
  let value = bytes;
  while (value >= 999.5 && power < units.length - 1) {
    value /= 1000;
    power++;
  }
  const digits = power > 1 && value < 99.5 ? 1 : 0;
  const format = {
    style: 'unit',
    unitDisplay: 'short',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  };
  const unit = units[power] ?? 'byte';
  return new Intl.NumberFormat(language, { ...format, unit } as Intl.NumberFormatOptions).format(value);
}

export function formatTimeLeft(seconds: number, t: FileTexts): string {
  if (seconds < 59.5) return t('files.secondsLeft', { count: Math.max(1, Math.round(seconds)) });
  if (seconds < 3570) return t('files.minutesLeft', { count: Math.round(seconds / 60) });
  return t('files.hoursLeft', { count: Math.round(seconds / 3600) });
}

/** Why a file could not be shared, or fetched. */
export function fileProblem(error: unknown, own: boolean, t: FileTexts): string {
  switch (errorCode(error)) {
    case 'not-allowed':
      return t('files.error.notAllowed');
    case 'too-many-files':
      return t('files.error.tooMany');
    case 'file-gone':
      return t('files.error.gone');
    case 'file-changed':
      return t(own ? 'files.error.changedOwn' : 'files.error.changed');
    case 'file-withdrawn':
      return t('files.error.withdrawn');
    case 'file-corrupt':
      return t('files.error.corrupt');
    case 'file-stalled':
      return t('files.error.stalled');
    case 'file-not-stored':
      return t('files.error.notStored');
    case 'file-too-large':
      return t('files.error.tooLarge');
    case 'no-such-participant':
      return t('files.error.recipientLeft');
    case 'server-unreachable':
    case 'shutting-down':
      return t('files.error.unreachable');
    case 'rate-limited':
      return t('files.error.tooFast');
    default:
      return t('files.error.unknown');
  }
}

/** What a line says about how it goes, below the name. */
export function statusWords(transfer: FileTransfer, all: number, language: string, t: FileTexts): string {
  const { own, state, bytes, transferred, bytesPerSecond, secondsLeft, error, receivers, content } = transfer;
  const size = formatBytes(bytes, language);
  const done = receivers.filter((receiver) => receiver.state === 'done').length;
  const fetched =
    done > 0 ? t('files.fetchedBy', { count: done, all: Math.max(all, done) }) : t('files.nobodyYet');
  switch (state) {
    case 'running': {
      const sending = receivers.filter((receiver) => receiver.state === 'running').length;
      return list([
        own ? t('files.sendingTo', { count: sending }) : undefined,
        t('files.ofBytes', { done: formatBytes(transferred, language), all: size }),
        bytesPerSecond > 0
          ? t('files.perSecond', { size: formatBytes(bytesPerSecond, language) })
          : undefined,
        secondsLeft === undefined ? undefined : formatTimeLeft(secondsLeft, t),
      ]);
    }
    case 'waiting':
      return list([size, t('files.waiting')]);
    case 'paused':
      return t(own ? 'files.pausedOwn' : 'files.paused');
    case 'failed':
      return fileProblem(error, own, t);
    case 'cancelled':
      return list([size, t(own ? 'files.takenBack' : 'files.cancelled')]);
    case 'done':
      // A picture that came by itself was not saved by anybody.
      return list([size, own ? fetched : isPicture(transfer) && content ? undefined : t('files.done')]);
    case 'offered':
      return list([size, own ? fetched : undefined]);
  }
}

function list(words: readonly (string | undefined)[]): string {
  // Lines break between these, and after the dot.
  return words.flatMap((word) => word?.replaceAll(' ', '\u00a0') ?? []).join('\u00a0· ');
}
