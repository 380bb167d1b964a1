import type { Diagnostics, Room, StatsDetail } from '@kaigi/client';
import { PROTOCOL_VERSION } from '@kaigi/client';
import type { LocalChoices } from '../core/preferences';

/** What goes into a bug report: no names, no room, no devices' ids, no chat, no passwords or keys. */
export interface Report {
  kind: 'kaigi-report';
  version: 1;
  madeAt: string;
  application: { server: string | undefined; protocol: string };
  browser: Record<string, unknown>;
  settings: Record<string, unknown>;
  meeting: Record<string, unknown>;
  connections: Diagnostics['connections'];
  history: readonly StatsDetail[];
}

type Meeting = Pick<Room, 'id' | 'participants' | 'signaling' | 'stats' | 'sendLimit' | 'settings' | 'media'>;

export function makeReport(
  room: Meeting,
  diagnostics: Diagnostics,
  history: readonly StatsDetail[],
  choices: LocalChoices,
  browser: Record<string, unknown>,
): Report {
  const { mic, camera, selfView, layout, processing, quality, receive } = choices;
  return {
    kind: 'kaigi-report',
    version: 1,
    madeAt: new Date(diagnostics.at).toISOString(),
    application: {
      server: diagnostics.serverVersion,
      protocol: `${PROTOCOL_VERSION.major}.${PROTOCOL_VERSION.minor}`,
    },
    browser,
    settings: { mic, camera, selfView, layout, processing, quality, receive },
    meeting: {
      own: room.id,
      media: room.media.state,
      quality: room.media.quality,
      sendLimit: room.sendLimit,
      signaling: room.signaling,
      path: room.stats.path,
      settings: room.settings,
      participants: room.participants.map(({ id, path, media, connected, away, videoPaused, mediaOnly }) => ({
        id,
        path,
        media,
        connected,
        away,
        videoPaused,
        mediaOnly,
      })),
    },
    connections: diagnostics.connections,
    history,
  };
}

export function describeBrowser(): Record<string, unknown> {
  const { userAgent, language, languages, hardwareConcurrency, onLine } = navigator;
  const network = (navigator as { connection?: { type?: string; effectiveType?: string } }).connection;
  return {
    userAgent,
    language,
    languages: [...languages],
    hardwareConcurrency,
    onLine,
    network: network && { type: network.type, effectiveType: network.effectiveType },
    screen: { width: screen.width, height: screen.height, pixelRatio: devicePixelRatio },
    window: { width: innerWidth, height: innerHeight },
    visibility: document.visibilityState,
  };
}

/** `kaigi-report-2026-12-01T09-30-00.json` */
export function reportName(madeAt: string): string {
  return `kaigi-report-${madeAt.slice(0, 19).replaceAll(':', '-')}.json`;
}

export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
