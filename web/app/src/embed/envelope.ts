import { EMBED_VERSION, type EmbedCommands, type EmbedFailure } from '@kaigi/client/embed';
import { LIMITS } from '@kaigi/client';

export type CommandId = string | number | undefined;

/** A command with its argument checked. */
export type Command = {
  [K in keyof EmbedCommands]: { type: K; data: EmbedCommands[K] };
}[keyof EmbedCommands];

export type Reading =
  /** Not for us: other scripts post messages too. */
  | { kind: 'foreign' }
  | { kind: 'bad'; id: CommandId; error: EmbedFailure }
  | { kind: 'command'; id: CommandId; command: Command };

const idCharacters = 64;
const commands = [
  'leave',
  'set-mic',
  'set-camera',
  'toggle-screen',
  'set-layout',
  'send-chat',
  'raise-hand',
  'get-state',
] as const satisfies readonly (keyof EmbedCommands)[];

export function readMessage(message: unknown): Reading {
  if (!isRecord(message) || !('kaigi' in message)) return { kind: 'foreign' };
  const { id: given, type } = message;
  const fits = (typeof given === 'string' && given.length <= idCharacters) || Number.isFinite(given);
  const id = fits ? (given as CommandId) : undefined;
  const bad = (code: string, words: string): Reading => ({
    kind: 'bad',
    id,
    error: { code, message: words },
  });
  if (message.kaigi !== EMBED_VERSION)
    return bad(
      'version-mismatch',
      `This meeting speaks version ${EMBED_VERSION}: send {kaigi: ${EMBED_VERSION}, …}.`,
    );
  if (given !== undefined && !fits)
    return bad('bad-command', `id has to be a number or a text of up to ${idCharacters} characters.`);
  const known = commands.find((command) => command === type);
  if (!known) return bad('unknown-command', `There is no such command; there are ${commands.join(', ')}.`);
  const problem = problemOf(known, isRecord(message.data) ? message.data : {});
  if (problem !== undefined) return bad('bad-command', `${known}: ${problem}`);
  return { kind: 'command', id, command: { type: known, data: message.data } as Command };
}

function problemOf(type: keyof EmbedCommands, data: Record<string, unknown>): string | undefined {
  switch (type) {
    case 'set-mic':
    case 'set-camera':
      return typeof data.on === 'boolean' ? undefined : 'data.on has to be true or false.';
    case 'toggle-screen':
      return data.on === undefined || typeof data.on === 'boolean'
        ? undefined
        : 'data.on has to be true or false, or not there.';
    case 'set-layout':
      return data.layout === 'grid' || data.layout === 'speaker'
        ? undefined
        : 'data.layout has to be "grid" or "speaker".';
    case 'raise-hand':
      return typeof data.raised === 'boolean' ? undefined : 'data.raised has to be true or false.';
    case 'send-chat': {
      const { text } = data;
      if (typeof text !== 'string' || text.trim() === '')
        return 'data.text has to be a text that is not empty.';
      // The cheap look first: a text may be very long.
      const long = text.length > LIMITS.chatBytes || new TextEncoder().encode(text).length > LIMITS.chatBytes;
      return long ? `data.text may have ${LIMITS.chatBytes} bytes of UTF-8; send less at a time.` : undefined;
    }
    case 'leave':
    case 'get-state':
      return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
