import i18next from 'i18next';
import { act, useState } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { initReactI18next } from 'react-i18next';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { MessageBox } from '../src/chat/MessageBox';
import en from '../src/i18n/en';

let root: Root;
let page: HTMLElement;
const send = vi.fn<(text: string) => void>();

function Harness() {
  const [text, setText] = useState('');
  return <MessageBox text={text} onText={setText} onSend={send} />;
}

beforeAll(async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  await i18next.use(initReactI18next).init({
    lng: 'en',
    resources: { en: { translation: en } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
  });
});

beforeEach(async () => {
  send.mockReset();
  page = document.body.appendChild(document.createElement('div'));
  root = createRoot(page);
  await act(async () => root.render(<Harness />));
});

afterEach(async () => {
  await act(async () => root.unmount());
  page.remove();
});

const area = () => page.querySelector('textarea') as HTMLTextAreaElement;

async function type(text: string) {
  await act(async () => {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')?.set?.call(area(), text);
    area().dispatchEvent(new Event('input', { bubbles: true }));
  });
}

async function press(init: KeyboardEventInit) {
  await act(async () => {
    area().dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init }),
    );
  });
}

it('Enter sends the trimmed text and empties the box', async () => {
  await type('  hello\nthere ');
  await press({});
  expect(send).toHaveBeenCalledExactlyOnceWith('hello\nthere');
  expect(area().value).toBe('');
});

it('Shift+Enter and an input method send nothing', async () => {
  await type('你好');
  await press({ shiftKey: true });
  await press({ isComposing: true });
  expect(send).not.toHaveBeenCalled();
  expect(area().value).toBe('你好');
});

it('is free for the next message at once', async () => {
  await type('one');
  await press({});
  await type('two');
  await press({});
  expect(send.mock.calls).toEqual([['one'], ['two']]);
});

it('explains a message that is too long instead of sending it', async () => {
  await type('x'.repeat(8193));
  await press({});
  expect(send).not.toHaveBeenCalled();
  expect(page.querySelector('[role="alert"]')?.textContent).toContain('8193');
});
