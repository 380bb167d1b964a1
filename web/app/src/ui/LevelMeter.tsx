import type { LocalMedia } from '@kaigi/client';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

/** The microphone's level, drawn past React: it changes twenty times a second. */
export function LevelMeter({ media, on }: { media: LocalMedia; on: boolean }) {
  const { t } = useTranslation();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const draw = (level: number) => {
      const meter = element.current;
      if (!meter) return;
      // Speech sits low on a linear scale; the root spreads it.
      const shown = on ? Math.min(1, Math.sqrt(Math.max(0, level)) * 1.15) : 0;
      meter.setAttribute('aria-valuenow', String(Math.round(shown * 100)));
      meter.style.setProperty('--level', shown.toFixed(3));
    };
    draw(0);
    return media.on('level', draw);
  }, [media, on]);
  return (
    <div
      ref={element}
      className="level-meter"
      role="meter"
      aria-label={t('device.micLevel')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
    >
      <span />
    </div>
  );
}
