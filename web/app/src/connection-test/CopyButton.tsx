import { Check, Copy } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useCopy } from '../core/useCopy';

export function CopyButton({ text, label, primary }: { text: string; label: string; primary?: boolean }) {
  const { t } = useTranslation('test');
  const { copied, copy } = useCopy(text);
  return (
    <button className={primary ? 'button primary' : 'button small'} onClick={copy}>
      {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
      <span aria-live="polite">{copied ? t('test.copied') : label}</span>
    </button>
  );
}
