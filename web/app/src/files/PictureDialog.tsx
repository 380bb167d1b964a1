import * as Dialog from '@radix-ui/react-dialog';
import { Download, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Picture } from './Picture';
import { save } from './saving';

/** A picture of the chat as large as the window allows. */
export function PictureDialog({
  content,
  name,
  onClose,
}: {
  content: Blob;
  name: string;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { t: words } = useTranslation('files');
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="modal-overlay picture-overlay" />
        <Dialog.Content className="picture-dialog" aria-describedby={undefined}>
          <header>
            <Dialog.Title>{name}</Dialog.Title>
            <button
              type="button"
              className="icon-button"
              aria-label={words('files.save', { name })}
              title={words('files.save', { name })}
              onClick={() => save(content, name)}
            >
              <Download aria-hidden="true" />
            </button>
            <Dialog.Close className="icon-button" aria-label={t('common.close')} title={t('common.close')}>
              <X aria-hidden="true" />
            </Dialog.Close>
          </header>
          <Picture content={content} alt={name} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
