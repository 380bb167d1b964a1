import { formatBitrate, formatLoss } from '../core/format';
import type { Unit } from './series';

/** A figure with its unit, as the language writes it. */
export function formatUnit(value: number, unit: Unit, language: string): string {
  const number = (digits: number) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  switch (unit) {
    case 'bitrate':
      return formatBitrate(value, language);
    case 'share':
      return formatLoss(value, language);
    case 'milliseconds':
      return `${number(value > 0 && value < 10 ? 1 : 0)} ms`;
    case 'frames':
      return `${number(0)} fps`;
    case 'lines':
      return `${number(0)} px`;
  }
}
