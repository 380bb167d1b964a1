import { showToast } from '../core/toasts';
import type { Chosen, FileDesk } from './desk';
import { fileProblem, fileTexts } from './words';

/** What fits into the message box, and is shared at once. */
const mostChosen = 20;
let lastId = 0;

/** Puts files into the message box, from where they are shared. */
export function choose({ chosen, openChat }: FileDesk, files: readonly (readonly [Blob, string])[]): void {
  if (files.length === 0) return;
  const added = files.map(([content, name]): Chosen => ({ id: ++lastId, content, name }));
  chosen.set((before) => [...before, ...added].slice(0, mostChosen));
  openChat();
}

export function takeOut({ chosen }: FileDesk, id: number): void {
  chosen.set((before) => before.filter((one) => one.id !== id));
}

/** Shares what is chosen, one after the other; what was not shared stays. */
export async function shareChosen(desk: FileDesk, to: string | undefined): Promise<void> {
  const t = fileTexts();
  for (const { id, content, name } of desk.chosen.get()) {
    try {
      await desk.room.shareFile(content, { to, name });
      takeOut(desk, id);
    } catch (error) {
      showToast({
        tone: 'error',
        title: t('files.notSharedTitle', { name }),
        text: fileProblem(error, true, t),
      });
    }
  }
}

/** The files of a paste or a drop; says what cannot be shared. */
export function filesOf(data: DataTransfer): File[] {
  const folders = [...data.items].filter(
    (item) => item.kind === 'file' && item.webkitGetAsEntry?.()?.isDirectory === true,
  );
  if (folders.length === 0) return [...data.files];
  const t = fileTexts();
  const names = new Set(folders.map((item) => item.getAsFile()?.name));
  for (const name of names) {
    showToast({
      tone: 'warning',
      title: t('files.notSharedTitle', { name: name ?? '' }),
      text: t('files.error.folder'),
    });
  }
  return [...data.files].filter(({ name }) => !names.has(name));
}
