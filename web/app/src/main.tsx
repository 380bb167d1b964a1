import { createRoot } from 'react-dom/client';
import { App } from './App';
import { loadSession } from './core/preferences';
import { followTheme } from './core/theme';
import { startLanguage } from './i18n';
import './styles/tokens.css';
import './styles/base.css';
import './styles/landing.css';
import './styles/prejoin.css';
import './styles/meeting.css';
import './styles/stage.css';
import './styles/tile.css';
import './styles/panel.css';
import './styles/overlay.css';

followTheme();
void loadSession();
const root = document.getElementById('root');
if (root) void startLanguage().then(() => createRoot(root).render(<App />));
