import type { ConnectionStats, Room } from '@kaigi/client';
import { useTranslation } from 'react-i18next';
import { connectionQuality, formatBitrate, formatLoss } from '../core/format';
import { useSettled } from '../core/hooks';
import { useSignaling, useStats } from '../core/useSdk';
import { PopoverButton } from '../ui/PopoverButton';
import { TestLink } from '../ui/TestLink';

type Shown = ConnectionStats['path'];

/** Chromium flashes "disconnected" while it changes paths; a break this short is not shown. */
const settleMilliseconds = 2000;
const works = (path: Shown) => path === 'direct' || path === 'relayed' || path === 'server';

export function ConnectionStatus({ room, alone }: { room: Room; alone: boolean }) {
  const { t, i18n } = useTranslation();
  const stats = useStats(room);
  const signaling = useSignaling(room);
  const language = i18n.language;
  const path = useSettled<Shown>(
    alone ? 'waiting' : stats.path === 'waiting' ? 'connecting' : stats.path,
    (next, shown) => next === 'waiting' || works(next) || !works(shown),
    settleMilliseconds,
  );
  const live = works(path);
  const quality = live ? connectionQuality(stats) : 0;
  const words = t(`connection.${path}`);
  const loss = Math.max(stats.receiveLoss, stats.sendLoss);
  const roundTrip =
    stats.roundTripMs === undefined
      ? undefined
      : t('connection.milliseconds', { count: Math.round(stats.roundTripMs) });

  const rows: [string, string | undefined][] = [
    [t('connection.path'), `${words}${stats.protocol && live ? ` · ${stats.protocol.toUpperCase()}` : ''}`],
    [t('connection.sending'), formatBitrate(stats.sendBitrate, language)],
    [t('connection.receiving'), formatBitrate(stats.receiveBitrate, language)],
    [t('connection.roundTrip'), roundTrip],
    [t('connection.lossIn'), formatLoss(stats.receiveLoss, language)],
    [t('connection.lossOut'), formatLoss(stats.sendLoss, language)],
    [
      t('connection.picture'),
      stats.video &&
        `${stats.video.width} × ${stats.video.height} · ${Math.round(stats.video.framesPerSecond)} fps${stats.video.codec ? ` · ${stats.video.codec}` : ''}`,
    ],
    [
      t('connection.signaling'),
      signaling.state === 'connected'
        ? t(`connection.${signaling.transport}`)
        : t('connection.signalingLost'),
    ],
  ];

  return (
    <div className="connection" data-path={path} data-quality={quality}>
      {/* The numbers change every second: only the word is announced, below. */}
      <div role="status" aria-label={t('connection.label')} aria-live="off" className="connection-status">
        <span className="connection-bars" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        <span className="connection-word">{words}</span>{' '}
        {live && (
          <span className="connection-numbers">
            {formatBitrate(stats.receiveBitrate + stats.sendBitrate, language)}
            {' · '}
            {t('connection.lossShort', { loss: formatLoss(loss, language) })}
            {roundTrip !== undefined && ` · ${roundTrip}`}
          </span>
        )}
      </div>
      <span className="visually-hidden" aria-live="polite">
        {t('connection.announce', { state: words })}
      </span>
      <PopoverButton
        className="connection-open"
        label={t('connection.details')}
        popoverClassName="connection-popover"
      >
        {() => (
          <>
            <p className="connection-explain">{t(`connection.${path}Text`)}</p>
            <dl>
              {rows.map(
                ([name, value]) =>
                  value !== undefined && (
                    <div key={name}>
                      <dt>{name}</dt>
                      <dd>{value}</dd>
                    </div>
                  ),
              )}
            </dl>
            <div className="connection-actions">
              {path !== 'waiting' && (
                <button className="button small" onClick={() => room.restartIce()}>
                  {t('connection.restart')}
                </button>
              )}
              <TestLink className="button small" newTab />
            </div>
          </>
        )}
      </PopoverButton>
    </div>
  );
}
