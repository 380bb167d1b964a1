import { LIMITS } from '@kaigi/client';

const encoder = new TextEncoder();

/** Why a message cannot be sent as it is. */
export type ComposeProblem = 'empty' | 'too-long';

export function messageBytes(text: string): number {
  return encoder.encode(text.trim()).length;
}

export function composeProblem(text: string): ComposeProblem | undefined {
  if (text.trim() === '') return 'empty';
  return messageBytes(text) > LIMITS.chatBytes ? 'too-long' : undefined;
}

/** The parts of a key press that decide; `KeyboardEvent` fits. */
export interface KeyPress {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

/**
 * True for the Enter that sends. An input method's Enter picks a candidate: browsers say so by
 * `isComposing`, Safari (where the composition ends before the key) by key code 229.
 */
export function sendsMessage(press: KeyPress): boolean {
  return (
    press.key === 'Enter' && !press.shiftKey && !press.altKey && !press.isComposing && press.keyCode !== 229
  );
}
