import type { LocalMedia, Room, SendQuality } from '@kaigi/client';
import { videoCodecs } from '@kaigi/client';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatBitrate } from '../core/format';
import { setChoices } from '../core/preferences';
import { useStats } from '../core/useSdk';
import type { DeviceKind } from '../core/useDevices';
import './quality.css';
import './texts';

const heights = [720, 360, 180] as const;
const frameRates = [30, 15, 8] as const;
const limits = [2_000_000, 1_000_000, 500_000, 250_000, 100_000] as const;
const automatic = '';

/** How one's own picture is sent. Every choice applies at once. */
export function QualitySection({
  room,
  media,
  onError,
}: {
  room: Room;
  media: LocalMedia;
  onError: (kind: DeviceKind, error: unknown) => void;
}) {
  const { t, i18n } = useTranslation('picture');
  const { path } = useStats(room);
  const [codecs] = useState(videoCodecs);
  const [quality, setQuality] = useState(media.quality);
  const choose = (name: keyof SendQuality, value: string) => {
    const { [name]: _, ...others } = quality;
    const chosen =
      value === automatic ? others : { ...others, [name]: name === 'codec' ? value : Number(value) };
    setQuality(chosen);
    setChoices({ quality: chosen });
    media.setQuality(chosen).catch((error: unknown) => onError('camera', error));
  };
  const routed = path === 'server';
  return (
    <section className="settings-section">
      <h3>{t('picture.title')}</h3>
      <Row
        label={t('picture.height')}
        value={quality.height}
        options={heights.map((height) => [
          height,
          t('picture.heightOf', { width: Math.round((height * 16) / 9), height }),
        ])}
        none={t('picture.heightAuto')}
        onChoose={(value) => choose('height', value)}
      />
      <Row
        label={t('picture.frameRate')}
        value={quality.frameRate}
        options={frameRates.map((rate) => [rate, t('picture.frameRateOf', { rate })])}
        none={t('picture.frameRateAuto')}
        onChoose={(value) => choose('frameRate', value)}
      />
      <Row
        label={t('picture.limit')}
        hint={t('picture.limitHint')}
        value={quality.bitrate}
        options={limits.map((limit) => [limit, formatBitrate(limit, i18n.language)])}
        none={t('picture.limitNone')}
        onChoose={(value) => choose('bitrate', value)}
      />
      {codecs.length > 1 && (
        <Row
          label={t('picture.codec')}
          hint={routed ? t('picture.codecRouted') : t('picture.codecHint')}
          value={quality.codec}
          options={codecs.map((codec) => [codec, codec])}
          none={t('picture.codecAuto')}
          disabled={routed}
          onChoose={(value) => choose('codec', value)}
        />
      )}
    </section>
  );
}

function Row({
  label,
  hint,
  value,
  options,
  none,
  disabled = false,
  onChoose,
}: {
  label: string;
  hint?: string;
  value: string | number | undefined;
  options: readonly (readonly [string | number, string])[];
  none: string;
  disabled?: boolean;
  onChoose: (value: string) => void;
}) {
  const id = useId();
  // A choice of before that is not offered any more still counts, and is shown.
  const known = value === undefined || options.some(([one]) => one === value);
  return (
    <label className="settings-row quality-row">
      <span className="switch-words">
        <span>{label}</span>
        {hint && <small id={id}>{hint}</small>}
      </span>
      <span className="compact-select">
        <select
          aria-label={label}
          aria-describedby={hint ? id : undefined}
          value={value ?? automatic}
          disabled={disabled}
          onChange={(event) => onChoose(event.target.value)}
        >
          <option value={automatic}>{none}</option>
          {!known && <option value={value}>{value}</option>}
          {options.map(([one, text]) => (
            <option key={one} value={one}>
              {text}
            </option>
          ))}
        </select>
      </span>
    </label>
  );
}
