/** "0 kbit/s", "640 kbit/s", "2.4 Mbit/s". */
export function formatBitrate(bitsPerSecond: number, language: string): string {
  if (bitsPerSecond >= 999_500) {
    return `${new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(bitsPerSecond / 1e6)} Mbit/s`;
  }
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(bitsPerSecond / 1e3)} kbit/s`;
}

/** A share 0..1 as percent: one decimal below ten. */
export function formatLoss(share: number, language: string): string {
  const percent = Math.min(1, Math.max(0, share));
  return new Intl.NumberFormat(language, {
    style: 'percent',
    maximumFractionDigits: percent > 0 && percent < 0.1 ? 1 : 0,
  }).format(percent);
}

export function formatTime(milliseconds: number, language: string): string {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(milliseconds);
}

/** How good a connection is, for the bars: 0 (none) to 3 (good). */
export function connectionQuality(stats: {
  receiveLoss: number;
  sendLoss: number;
  roundTripMs?: number;
}): 1 | 2 | 3 {
  const loss = Math.max(stats.receiveLoss, stats.sendLoss);
  const roundTrip = stats.roundTripMs ?? 0;
  if (loss > 0.08 || roundTrip > 500) return 1;
  if (loss > 0.02 || roundTrip > 250) return 2;
  return 3;
}
