import * as Dialog from '@radix-ui/react-dialog';
import { useLayoutEffect, useRef, type ReactNode, type RefObject } from 'react';

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
  const popup = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const place = () => {
      const [button, own] = [anchor.current?.getBoundingClientRect(), popup.current];
      if (!button || !own) return;
      const left = button.left + button.width / 2 - own.offsetWidth / 2;
      own.style.left = `${Math.max(edgePixels, Math.min(left, innerWidth - own.offsetWidth - edgePixels))}px`;
      const above = button.top > innerHeight / 2;
      own.style.bottom = above ? `${innerHeight - button.top + distancePixels}px` : 'auto';
      own.style.top = above ? 'auto' : `${button.bottom + distancePixels}px`;
      own.style.maxHeight = `${(above ? button.top : innerHeight - button.bottom) - distancePixels - edgePixels}px`;
      own.style.transformOrigin = above ? 'bottom' : 'top';
    };
    place();
    addEventListener('resize', place);
    return () => removeEventListener('resize', place);
  }, [anchor]);

  return (
    <Dialog.Root open modal={false} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Content
          ref={popup}
          className={`popover ${className}`}
          aria-label={label}
          aria-describedby={undefined}
          onInteractOutside={(event) => {
            // The button itself closes; closing here as well would open it again.
            if (event.target instanceof Node && anchor.current?.contains(event.target)) event.preventDefault();
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
