import { useCallback, useRef, useState, type ReactNode } from 'react';
import { later } from './later';

const Popup = later(() => import('./Popup'));

/** A button with a popover; the popover's code comes after the first paint. */
export function PopoverButton({
  className,
  label,
  tip,
  content,
  popoverClassName,
  children,
}: {
  className: string;
  label: string;
  tip?: string;
  content?: ReactNode;
  popoverClassName: string;
  children: (close: () => void) => ReactNode;
}) {
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup="dialog"
        aria-expanded={open}
        data-tip={tip}
        onClick={() => setOpen((before) => !before)}
      >
        {content}
      </button>
      {open && (
        <Popup anchor={button} label={label} className={popoverClassName} onClose={close}>
          {children(close)}
        </Popup>
      )}
    </>
  );
}
