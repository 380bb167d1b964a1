import * as Popover from '@radix-ui/react-popover';
import type { ReactNode, RefObject } from 'react';

export default function Popup({
  anchor,
  label,
  className,
  onClose,
  children,
}: {
  anchor: RefObject<HTMLElement | null>;
  label: string;
  className: string;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Popover.Root open onOpenChange={(open) => !open && onClose()}>
      <Popover.Anchor virtualRef={anchor as RefObject<HTMLElement>} />
      <Popover.Portal>
        <Popover.Content
          className={`popover ${className}`}
          sideOffset={12}
          collisionPadding={10}
          aria-label={label}
          onInteractOutside={(event) => {
            // The button itself closes; closing here as well would open it again.
            if (event.target instanceof Node && anchor.current?.contains(event.target))
              event.preventDefault();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            // Not when a dialog has just been opened from here: it takes the focus itself.
            if (document.activeElement === document.body) anchor.current?.focus();
          }}
        >
          {children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
