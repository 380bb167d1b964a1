import { useTranslation } from 'react-i18next';
import { historyMilliseconds } from './history';
import { axisTop, plot } from './plot';
import { extremes, type Series } from './series';
import { formatUnit } from './units';

/** In units of its own: the drawing is stretched to the panel's width. */
const box = { width: 360, height: 44 };
/** A sample a second; a page that slept, or a browser that was busy, leaves a gap. */
const gapMilliseconds = 5000;

/** One figure over the last minutes, with its newest value, its axis, and the same in words. */
export function Sparkline({
  series: { name, unit, values, note },
  times,
}: {
  series: Series;
  times: readonly number[];
}) {
  const { t, i18n } = useTranslation('stats');
  const found = extremes(values);
  if (!found) return null;
  const write = (value: number) => formatUnit(value, unit, i18n.language);
  const title = t(`stats.name.${name}`);
  const now = found.now === undefined ? t('stats.nothing') : write(found.now);
  const top = axisTop(found.most, unit);
  const { line, area } = plot(values, times, {
    ...box,
    span: historyMilliseconds,
    now: times.at(-1) ?? 0,
    top,
    gapMilliseconds,
  });
  const picture = note && `${note.width} × ${note.height}`;
  const details = note && [picture, note.codec, note.layer && t(`stats.layer.${note.layer}`)].filter(Boolean);
  return (
    <figure className="spark">
      <figcaption>
        <span className="spark-name">{title}</span>
        {details && <span className="spark-note">{details.join(' · ')}</span>}
        <span className="spark-now" data-series={name} data-value={found.now}>
          {now}
        </span>
      </figcaption>
      <div className="spark-plot">
        <svg
          viewBox={`0 0 ${box.width} ${box.height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={t('stats.summary', {
            name: title,
            now,
            least: write(found.least),
            most: write(found.most),
          })}
        >
          <path
            className="spark-grid"
            d={`M0 0H${box.width}M0 ${box.height / 2}H${box.width}M0 ${box.height}H${box.width}`}
          />
          <path className="spark-area" d={area} />
          <path className="spark-line" d={line} />
        </svg>
        <span className="spark-axis" aria-hidden="true">
          <span>{write(top)}</span>
          <span>{write(0)}</span>
        </span>
      </div>
    </figure>
  );
}
