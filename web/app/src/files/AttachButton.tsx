import { Paperclip } from 'lucide-react';
import { useEffect, useRef, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { choose, filesOf } from './choosing';
import type { FileDesk } from './desk';
import { stampedName } from './pictures';
import { useMayShare } from './useTransfer';

/** Chooses files to share; takes what is pasted into the message box as well. */
export function AttachButton({
  desk,
  area,
}: {
  desk: FileDesk;
  area: RefObject<HTMLTextAreaElement | null>;
}) {
  const { t } = useTranslation('files');
  const input = useRef<HTMLInputElement>(null);
  const allowed = useMayShare(desk.room);

  useEffect(() => {
    const box = area.current;
    if (!box || !allowed) return;
    const onPaste = (event: ClipboardEvent) => {
      const data = event.clipboardData;
      // Office programs put a picture of the text beside it: the text is meant.
      if (!data || data.types.includes('text/plain')) return;
      const files = filesOf(data);
      if (files.length === 0) return;
      event.preventDefault();
      choose(
        desk,
        files.map((file) => [file, stampedName(file, new Date())]),
      );
    };
    box.addEventListener('paste', onPaste);
    return () => box.removeEventListener('paste', onPaste);
  }, [desk, area, allowed]);

  const label = allowed ? t('files.attach') : t('files.dropNotAllowed');
  return (
    <>
      <button
        type="button"
        className="icon-button attach"
        aria-label={t('files.attach')}
        title={label}
        disabled={!allowed}
        onClick={() => input.current?.click()}
      >
        <Paperclip aria-hidden="true" />
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t('files.attach')}
        onChange={(event) => {
          choose(
            desk,
            [...(event.target.files ?? [])].map((file) => [file, file.name]),
          );
          // The same file may be chosen again.
          event.target.value = '';
        }}
      />
    </>
  );
}
