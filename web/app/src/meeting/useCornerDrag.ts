import { useEffect, useState, type RefObject } from 'react';
import type { Corner } from './layout';

/** A press that moves less than this is a click. */
const clickPixels = 6;

/** Lets a floating tile be dragged; it settles in the corner of the stage nearest to where it is let go. */
export function useCornerDrag(
  tile: RefObject<HTMLElement | null>,
  enabled: boolean,
  onCorner: (corner: Corner) => void,
): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const element = tile.current;
    if (!element || !enabled) return;
    let start: { x: number; y: number; pointer: number } | undefined;
    let moved = false;

    const down = (event: PointerEvent) => {
      if (event.button !== 0 || (event.target instanceof Element && event.target.closest('button'))) return;
      start = { x: event.clientX, y: event.clientY, pointer: event.pointerId };
      moved = false;
    };
    const move = (event: PointerEvent) => {
      if (!start || event.pointerId !== start.pointer) return;
      const [x, y] = [event.clientX - start.x, event.clientY - start.y];
      if (!moved && Math.hypot(x, y) < clickPixels) return;
      if (!moved) {
        moved = true;
        element.setPointerCapture(event.pointerId);
        setDragging(true);
      }
      element.style.translate = `${x}px ${y}px`;
    };
    const up = (event: PointerEvent) => {
      if (!start || event.pointerId !== start.pointer) return;
      start = undefined;
      if (!moved) return;
      setDragging(false);
      const [own, stage] = [element.getBoundingClientRect(), element.parentElement?.getBoundingClientRect()];
      element.style.translate = '';
      if (!stage) return;
      const right = own.left + own.width / 2 > stage.left + stage.width / 2;
      const bottom = own.top + own.height / 2 > stage.top + stage.height / 2;
      onCorner(`${bottom ? 'bottom' : 'top'}-${right ? 'right' : 'left'}`);
    };

    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    return () => {
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
      element.style.translate = '';
    };
  }, [tile, enabled, onCorner]);
  return dragging;
}
