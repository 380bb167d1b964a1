import * as Dialog from '@radix-ui/react-dialog';
import { useCallback, type ReactNode, type RefObject } from 'react';

const distancePixels = 12;
const edgePixels = 10;

/**
 * A small non-modal dialog beside its button. Two of them, both at an edge of the page, need no positioning
 * library: above the button if it lies in the lower half, else below, and inside the window.
 */
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
  // A callback ref: the portal puts the popup into the page after this component's effects have run.
  const placed = useCallback(
    (own: HTMLDivElement | null) => {
      if (!own) return;
      const place = () => {
        const button = anchor.current?.getBoundingClientRect();
        if (!button) return;
        const left = button.left + button.width / 2 - own.offsetWidth / 2;
        const above = button.top > innerHeight / 2;
        const free = (above ? button.top : innerHeight - button.bottom) - distancePixels - edgePixels;
        Object.assign(own.style, {
          left: `${Math.max(edgePixels, Math.min(left, innerWidth - own.offsetWidth - edgePixels))}px`,
          bottom: above ? `${innerHeight - button.top + distancePixels}px` : 'auto',
          top: above ? 'auto' : `${button.bottom + distancePixels}px`,
          maxHeight: `${free}px`,
          transformOrigin: above ? 'bottom' : 'top',
        });
      };
      place();
      addEventListener('resize', place);
      return () => removeEventListener('resize', place);
    },
    [anchor],
  );

  return (
    <Dialog.Root open modal={false} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Content
          ref={placed}
          className={`popover ${className}`}
          aria-label={label}
          aria-describedby={undefined}
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
          <Dialog.Title className="visually-hidden">{label}</Dialog.Title>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
