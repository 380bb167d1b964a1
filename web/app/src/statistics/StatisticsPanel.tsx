import type { Room } from '@kaigi/client';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../core/store';
import { useParticipants } from '../core/useSdk';
import { Panel } from '../meeting/Panel';
import type { StatsHistory } from './history';
import { LiveTab } from './LiveTab';
import { PathTab } from './PathTab';
import { ReportButtons } from './ReportButtons';
import { SdpTab } from './SdpTab';
import './statistics.css';
import './texts';
import { useDiagnostics } from './useDiagnostics';

const tabs = ['live', 'path', 'descriptions'] as const;
type Tab = (typeof tabs)[number];

/** What goes on underneath: figures over time, the way media takes, and what both sides have agreed on. */
export default function StatisticsPanel({
  room,
  history,
  onClose,
}: {
  room: Room;
  history: StatsHistory;
  onClose: () => void;
}) {
  const { t: common } = useTranslation();
  const { t } = useTranslation('stats');
  const [tab, setTab] = useState<Tab>('live');
  const samples = useStore(history);
  const participants = useParticipants(room);
  const connections = useDiagnostics(room, tab !== 'live');
  const nameOf = (connection: string) => participants.find(({ id }) => id === connection)?.name ?? connection;
  return (
    <Panel title={common('statistics.title')} onClose={onClose}>
      <div
        className="stats-tabs"
        role="tablist"
        aria-label={t('stats.views')}
        onKeyDown={(event) => moveTab(event, tab, setTab)}
      >
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`stats-tab-${name}`}
            aria-selected={tab === name}
            aria-controls="stats-view"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
          >
            {t(`stats.${name}`)}
          </button>
        ))}
      </div>
      {/* Scrolls, so it has to be reached by keyboard. */}
      <div
        id="stats-view"
        className="stats-view"
        role="tabpanel"
        aria-labelledby={`stats-tab-${tab}`}
        tabIndex={0}
      >
        {tab === 'live' && <LiveTab samples={samples} participants={participants} />}
        {tab === 'path' && <PathTab connections={connections} nameOf={nameOf} />}
        {tab === 'descriptions' && <SdpTab connections={connections} nameOf={nameOf} />}
      </div>
      <ReportButtons room={room} history={history} />
    </Panel>
  );
}

/** Arrow keys, Home and End move among tabs (WAI-ARIA, tabs pattern). */
function moveTab(event: KeyboardEvent<HTMLElement>, tab: Tab, choose: (tab: Tab) => void) {
  const index = tabs.indexOf(tab);
  const next = {
    ArrowRight: (index + 1) % tabs.length,
    ArrowLeft: (index + tabs.length - 1) % tabs.length,
    Home: 0,
    End: tabs.length - 1,
  }[event.key];
  const name = next === undefined ? undefined : tabs[next];
  if (name === undefined) return;
  event.preventDefault();
  choose(name);
  document.getElementById(`stats-tab-${name}`)?.focus();
}
