import type { ReactNode } from 'react';
import { Logo } from './Logo';
import { PageHeader } from './PageHeader';

/** A page that says one thing and offers the next steps. */
export function NoticePage({
  title,
  children,
  actions,
  tone = 'calm',
}: {
  title: string;
  children: ReactNode;
  actions: ReactNode;
  tone?: 'calm' | 'alert';
}) {
  return (
    <div className="page">
      <PageHeader />
      <main className="notice-page">
        <div className="notice-card" role={tone === 'alert' ? 'alert' : undefined}>
          <Logo />
          <h1>{title}</h1>
          <div className="notice-words">{children}</div>
          <div className="notice-actions">{actions}</div>
        </div>
      </main>
    </div>
  );
}
