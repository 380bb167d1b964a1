import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Commands } from './useCommands';

/** How a command may go on, above the message box; the box keeps the focus and the keys. */
export function CommandList({ commands }: { commands: Commands }) {
  const { t } = useTranslation('hosting');
  const { id, options, active, choose } = commands;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [active, options]);
  if (options.length === 0) return null;
  return (
    <ul ref={list} id={id} className="command-list" role="listbox" aria-label={t('command.list')}>
      {options.map(({ text, label, command }, index) => (
        <li
          key={text}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          // Before the box loses the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => choose(index)}
        >
          <code>{label}</code>
          {command && <span>{t(`command.${command}`)}</span>}
        </li>
      ))}
    </ul>
  );
}

/** What the box says about the list (ARIA 1.2: a text box may have one; it stays a text box). */
export function fieldProps({ id, options, active }: Commands) {
  return options.length === 0
    ? { 'aria-autocomplete': 'list' as const }
    : {
        'aria-autocomplete': 'list' as const,
        'aria-haspopup': 'listbox' as const,
        'aria-controls': id,
        'aria-activedescendant': `${id}-${active}`,
      };
}
