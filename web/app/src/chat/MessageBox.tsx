import { LIMITS, type Room } from '@kaigi/client';
import { SendHorizontal } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { errorCode } from '../core/errors';
import { composeProblem, messageBytes, sendsMessage } from './compose';

const tallestPixels = 160;

export function MessageBox({
  room,
  text,
  onText,
}: {
  room: Room;
  text: string;
  onText: (text: string | ((now: string) => string)) => void;
}) {
  const { t } = useTranslation();
  const area = useRef<HTMLTextAreaElement>(null);
  const [failure, setFailure] = useState<string>();
  const [sending, setSending] = useState(false);
  const tooLong = composeProblem(text) === 'too-long';
  const problem = tooLong
    ? t('chat.tooLong', { bytes: messageBytes(text), limit: LIMITS.chatBytes })
    : failure;

  useEffect(() => {
    // On a phone the keyboard would cover what one opened the chat to read.
    if (matchMedia('(hover: hover)').matches) area.current?.focus();
  }, []);
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight + 2, tallestPixels)}px`;
  }, [text]);

  const send = async () => {
    if (sending || composeProblem(text) !== undefined) return;
    setSending(true);
    setFailure(undefined);
    // Gone from the box at once; it comes back if it could not be sent.
    onText('');
    try {
      await room.sendChat(text.trim());
    } catch (error) {
      // Below what was typed meanwhile nothing would be found again: it goes first.
      onText((now) => (now === '' ? text : `${text}\n${now}`));
      setFailure(errorCode(error) === 'rate-limited' ? t('error.rateLimited.text') : t('chat.notSent'));
    } finally {
      setSending(false);
      area.current?.focus();
    }
  };

  return (
    <form
      className="message-box"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {problem !== undefined && (
        <p id="message-problem" className="field-problem" role="alert">
          {problem}
        </p>
      )}
      <div className="message-row">
        <textarea
          ref={area}
          className="field"
          rows={1}
          aria-label={t('chat.message')}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : 'message-problem'}
          placeholder={t('chat.placeholder')}
          value={text}
          enterKeyHint="send"
          onChange={(event) => {
            onText(event.target.value);
            setFailure(undefined);
          }}
          onKeyDown={(event) => {
            if (!sendsMessage(event.nativeEvent)) return;
            event.preventDefault();
            void send();
          }}
        />
        <button
          className="control send"
          type="submit"
          aria-label={t('chat.send')}
          disabled={tooLong || text.trim() === ''}
        >
          <SendHorizontal aria-hidden="true" />
        </button>
      </div>
    </form>
  );
}
