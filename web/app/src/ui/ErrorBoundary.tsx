import i18next from 'i18next';
import { Component, type ReactNode } from 'react';

/** The last resort: a mistake of ours in drawing the page. A reload resumes the meeting. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="notice-page">
        <div className="notice-card" role="alert">
          <h1>{i18next.t('crash.title')}</h1>
          <p>{i18next.t('crash.text')}</p>
          <div className="notice-actions">
            <button className="button primary" onClick={() => location.reload()}>
              {i18next.t('crash.reload')}
            </button>
          </div>
        </div>
      </main>
    );
  }
}
