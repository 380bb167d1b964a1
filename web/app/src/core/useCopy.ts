import { useCallback, useEffect, useState, type ClipboardEvent } from 'react';

const copiedMilliseconds = 2500;

/** Copies a text; `copied` is true for a moment afterwards. Without a clipboard API (plain http) the old way. */
export function useCopy(text: string): { copied: boolean; copy: () => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), copiedMilliseconds);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = useCallback(() => {
    void copyText(text).then((done) => done && setCopied(true));
  }, [text]);
  return { copied, copy };
}

/** Says whether it worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (!navigator.clipboard) return copyBySelection(text);
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}

/** For a link that is shown decoded: whoever copies by selecting it gets the link itself. */
export function copyInstead(text: string) {
  return (event: ClipboardEvent<HTMLElement>) => {
    event.clipboardData.setData('text/plain', text);
    event.preventDefault();
  };
}
