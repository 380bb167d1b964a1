import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../core/store';
import { showToast } from '../core/toasts';
import type { Outbox } from './outbox';

/** Says that a message was not sent to whoever has closed the chat meanwhile. */
export function useSendFailures(outbox: Outbox, open: boolean, onOpen: () => void): void {
  const { t } = useTranslation();
  const failed = useStore(outbox.items).filter((item) => item.state === 'failed').length;
  const before = useRef(0);
  useEffect(() => {
    if (failed > before.current && !open)
      showToast({
        tone: 'error',
        title: t('chat.notSentTitle'),
        action: { label: t('chat.show'), run: onOpen },
      });
    before.current = failed;
  }, [failed, open, onOpen, t]);
}
