import { LIMITS } from '@kaigi/client';
import { SendHorizontal } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { CommandList, fieldProps } from './commands/CommandList';
import type { Commands } from './commands/useCommands';
import { composeProblem, messageBytes, sendsMessage } from './compose';

const tallestPixels = 160;

export function MessageBox({
  text,
  onText,
  onSend,
  commands,
}: {
  text: string;
  onText: (text: string) => void;
  onSend: (text: string) => void;
  commands?: Commands;
}) {
  const { t } = useTranslation();
  const area = useRef<HTMLTextAreaElement>(null);
  const tooLong = composeProblem(text) === 'too-long';
  const problem = tooLong
    ? t('chat.tooLong', { bytes: messageBytes(text), limit: LIMITS.chatBytes })
    : undefined;

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

  const send = () => {
    if (composeProblem(text) !== undefined) return;
    onSend(text.trim());
    onText('');
    area.current?.focus();
  };

  return (
    <form
      className="message-box"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {problem !== undefined && (
        <p id="message-problem" className="field-problem" role="alert">
          {problem}
        </p>
      )}
      {commands && <CommandList commands={commands} />}
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
          onChange={(event) => onText(event.target.value)}
          {...(commands && fieldProps(commands))}
          onKeyDown={(event) => {
            if (commands?.onKey(event)) return;
            if (!sendsMessage(event.nativeEvent)) return;
            event.preventDefault();
            send();
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
