import { memo } from 'react';
import { linkify } from './linkify';

/** A message as it was written: text, and links that may be followed. */
export const MessageText = memo(function MessageText({ text }: { text: string }) {
  return linkify(text).map((piece, index) =>
    piece.type === 'link' ? (
      <a key={index} href={piece.value} target="_blank" rel="noopener noreferrer nofollow">
        {piece.value}
      </a>
    ) : (
      piece.value
    ),
  );
});

const emoji =
  /^(?:\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\ufe0f|\u200d\p{Extended_Pictographic})*|\p{Regional_Indicator}{2}|\s){1,12}$/u;

export function onlyEmoji(text: string): boolean {
  return text.length <= 24 && emoji.test(text);
}
