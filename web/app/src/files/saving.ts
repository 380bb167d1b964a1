import type { Room } from '@kaigi/client';

/** A browser has taken a download over by then. */
const takenOverMilliseconds = 60_000;

/** Hands content to the browser's own downloads. */
export function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), takenOverMilliseconds);
}

/** Fetches a file for good: into a place that the user chooses, or else into the downloads when it is here. */
export async function fetchAndSave(room: Room, id: string): Promise<void> {
  const stop = room.files.on('transfer', ({ id: which, state, content, name }) => {
    if (which !== id || (state !== 'done' && state !== 'failed' && state !== 'cancelled')) return;
    stop();
    if (state === 'done' && content) save(content, name);
  });
  if (!(await room.files.fetch(id, 'ask'))) stop();
}
