import { useId, type ReactNode } from 'react';

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
  reason,
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
  /** Why it cannot be used now. It keeps its place in the order of focus: who looks for it is told. */
  reason?: string | undefined;
  onClick: () => void;
  children: ReactNode;
}) {
  const reasonId = useId();
  return (
    <button
      type="button"
      className={`control ${look}${busy ? ' busy' : ''}`}
      aria-label={label}
      aria-pressed={pressed}
      aria-busy={busy || undefined}
      aria-expanded={expanded}
      aria-describedby={reason === undefined ? describedBy : reasonId}
      aria-disabled={reason === undefined ? undefined : true}
      aria-keyshortcuts={shortcut}
      data-tip={reason ?? (shortcut ? `${tip} (${shortcut})` : tip)}
      onClick={reason === undefined ? onClick : undefined}
    >
      {children}
      {reason !== undefined && (
        <span id={reasonId} hidden>
          {reason}
        </span>
      )}
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
