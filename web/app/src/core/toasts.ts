import { createStore, useStore } from './store';

/** A short message at the edge of the screen: what happened, and what to do. */
export interface Toast {
  id: number;
  tone: 'info' | 'warning' | 'error';
  title: string;
  text?: string;
  action?: { label: string; run: () => void };
}

const toasts = createStore<readonly Toast[]>([]);
let lastId = 0;

export const useToasts = () => useStore(toasts);

/** Shows a toast. One with the same title takes the older one's place. */
export function showToast(
  toast: Omit<Toast, 'id'>,
  milliseconds = toast.tone === 'info' ? 6000 : 12000,
): number {
  const id = ++lastId;
  toasts.set((shown) =>
    [...shown.filter((other) => other.title !== toast.title), { ...toast, id }].slice(-3),
  );
  if (milliseconds < Infinity) setTimeout(() => dismissToast(id), milliseconds);
  return id;
}

export function dismissToast(id: number): void {
  toasts.set((shown) => shown.filter((toast) => toast.id !== id));
}
