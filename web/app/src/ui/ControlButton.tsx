import type { ReactNode } from 'react';

/** A round button of the meeting: a stable name for assistive tools, a changing tip for eyes. */
export function ControlButton({
  label,
  tip,
  shortcut,
  pressed,
  look = 'normal',
  busy = false,
  flawed = false,
  badge = 0,
  badgeLook = 'normal',
  describedBy,
  expanded,
  onClick,
  children,
}: {
  label: string;
  tip: string;
  shortcut?: string;
  pressed?: boolean;
  look?: 'normal' | 'off' | 'active' | 'danger';
  busy?: boolean;
  flawed?: boolean;
  badge?: number;
  /** `personal`: something of it is for nobody else. */
  badgeLook?: 'normal' | 'personal';
  describedBy?: string;
  expanded?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className={`control ${look}${busy ? ' busy' : ''}`}
      aria-label={label}
      aria-pressed={pressed}
      aria-busy={busy || undefined}
      aria-expanded={expanded}
      aria-describedby={describedBy}
      aria-keyshortcuts={shortcut}
      data-tip={shortcut ? `${tip} (${shortcut})` : tip}
      onClick={onClick}
    >
      {children}
      {flawed && <span className="control-flaw" aria-hidden="true" data-mark="!" />}
      {badge > 0 && (
        <span
          className={`control-badge ${badgeLook}`}
          aria-hidden="true"
          data-mark={badge > 99 ? '99+' : badge}
        />
      )}
    </button>
  );
}
