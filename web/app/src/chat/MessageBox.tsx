import { LIMITS } from '@kaigi/client';
import { SendHorizontal } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, type ReactNode, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { AttachButton, ChosenFiles } from '../files/desk';
import { CommandList, fieldProps } from './commands/CommandList';
import type { Commands } from './commands/useCommands';
import { composeProblem, messageBytes, sendsMessage } from './compose';

const tallestPixels = 160;

export function MessageBox({
  text,
  onText,
  onSend,
  area: givenArea,
  placeholder,
  sendLabel,
  blocked = false,
  onUp,
  onEscape,
  children,
  commands,
}: {
  text: string;
  onText: (text: string) => void;
  onSend: (text: string) => void;
  area?: RefObject<HTMLTextAreaElement | null>;
  placeholder?: string;
  sendLabel?: string;
  /** What is written cannot be sent as things are; somebody else says why. */
  blocked?: boolean;
  /** Arrow up in the empty box. */
  onUp?: () => void;
  /** Says whether it had a meaning. */
  onEscape?: () => boolean;
  /** Above the text: for whom it is, what it answers. */
  children?: ReactNode;
  commands?: Commands | undefined;
}) {
  const { t } = useTranslation();
  const ownArea = useRef<HTMLTextAreaElement>(null);
  const area = givenArea ?? ownArea;
  const tooLong = composeProblem(text) === 'too-long';
  const problem = tooLong
    ? t('chat.tooLong', { bytes: messageBytes(text), limit: LIMITS.chatBytes })
    : undefined;

  useEffect(() => {
    // On a phone the keyboard would cover what one opened the chat to read.
    if (matchMedia('(hover: hover)').matches) area.current?.focus();
  }, [area]);
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight + 2, tallestPixels)}px`;
  }, [text, area]);

  const send = () => {
    if (blocked || composeProblem(text) !== undefined) return;
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
      {children}
      {problem !== undefined && (
        <p id="message-problem" className="field-problem" role="alert">
          {problem}
        </p>
      )}
      <ChosenFiles />
      {commands && <CommandList commands={commands} />}
      <div className="message-row">
        <AttachButton area={area} />
        <textarea
          ref={area}
          className="field"
          rows={1}
          aria-label={t('chat.message')}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : 'message-problem'}
          placeholder={placeholder ?? t('chat.placeholder')}
          value={text}
          enterKeyHint="send"
          onChange={(event) => onText(event.target.value)}
          {...(commands && fieldProps(commands))}
          onKeyDown={(event) => {
            if (commands?.onKey(event)) return;
            if (event.key === 'ArrowUp' && text === '' && onUp) {
              event.preventDefault();
              onUp();
            }
            // Else the panel would close as well.
            if (event.key === 'Escape' && !event.nativeEvent.isComposing && onEscape?.())
              event.preventDefault();
            if (!sendsMessage(event.nativeEvent)) return;
            event.preventDefault();
            send();
          }}
        />
        <button
          className="control send"
          type="submit"
          aria-label={sendLabel ?? t('chat.send')}
          disabled={blocked || tooLong || text.trim() === ''}
        >
          <SendHorizontal aria-hidden="true" />
        </button>
      </div>
    </form>
  );
}
