import { UserRound } from 'lucide-react';
import type { CSSProperties } from 'react';
import { hueOf, initials } from '../core/person';

/** Initials on a colour that belongs to the name. Decorative: the name stands beside it. */
export function Avatar({ name, className = '' }: { name: string; className?: string }) {
  const style: CSSProperties & Record<'--hue', number> = { '--hue': hueOf(name) };
  return (
    <span className={`avatar ${className}`} style={style} aria-hidden="true">
      {name.trim() === '' ? <UserRound /> : initials(name)}
    </span>
  );
}
