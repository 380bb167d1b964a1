import { KaigiError, type LocalMedia, type Permissions } from '@kaigi/client';
import type { EmbedFailure, EmbedLayout, EmbedState } from '@kaigi/client/embed';
import type { EmbeddedRoom } from '../core/embedding';
import type { Command } from './envelope';
import { participantsOf, phaseOf } from './reports';

/** A refusal in words, as the page around us gets it. */
export class Refusal extends Error {
  readonly failure: EmbedFailure;
  constructor(code: string, message: string) {
    super(message);
    this.failure = { code, message };
  }
}

export interface Layouts {
  get(): EmbedLayout;
  set(layout: EmbedLayout): void;
}

/** Does what the page around us asks for. Rejects with what hinders it, and has changed nothing then. */
export async function run(
  command: Command,
  now: EmbeddedRoom | undefined,
  layouts: Layouts,
): Promise<unknown> {
  switch (command.type) {
    case 'get-state':
      return stateOf(now, layouts.get());
    case 'set-layout':
      return layouts.set(command.data.layout);
    case 'set-mic':
      return turn(now, 'mic', command.data.on);
    case 'set-camera':
      return turn(now, 'camera', command.data.on);
    case 'toggle-screen':
      return turn(now, 'screen', command.data?.on);
    case 'send-chat':
      allow(now, 'chat');
      return inMeeting(now).room.sendChat(command.data.text);
    case 'raise-hand':
      return inMeeting(now).room.raiseHand(command.data.raised);
    case 'leave':
      return inMeeting(now).leave();
  }
}

export function failureOf(error: unknown): EmbedFailure {
  if (error instanceof Refusal) return error.failure;
  if (error instanceof KaigiError) return { code: error.code, message: error.message };
  return { code: 'failed', message: 'That did not work; the console of the frame says why.' };
}

async function turn(now: EmbeddedRoom | undefined, device: 'mic' | 'camera' | 'screen', wanted?: boolean) {
  const media = now?.media;
  if (!media || (phaseOf(now.phase) !== 'prejoin' && !now.room) || device === 'screen') inMeeting(now);
  if (!media) return;
  const on = wanted ?? !media.state[device];
  if (on) allow(now, device);
  if (device === 'mic') await media.setMic(on);
  else if (device === 'camera') await media.setCamera(on);
  else if (!on) media.stopScreen();
  else if (!media.state.screen) await media.startScreen().catch(explainClick);
}

/** Browsers ask for a screen on a click only (W3C screen-capture §5.1: transient activation). */
function explainClick(error: unknown): never {
  if (
    error instanceof KaigiError &&
    error.cause instanceof Error &&
    error.cause.name === 'InvalidStateError'
  ) {
    throw new Refusal(
      'needs-click',
      'Browsers share a screen only on a click: send this from a click (some hand it on), or use the button in the meeting.',
    );
  }
  throw error;
}

function allow(now: EmbeddedRoom | undefined, what: keyof Permissions): void {
  if (now?.room && !now.room.permissions[what])
    throw new Refusal('not-allowed', 'The hosts of this meeting have not allowed that.');
}

function inMeeting(now: EmbeddedRoom | undefined) {
  if (!now?.room || !now.media || !now.leave)
    throw new Refusal('not-joined', 'One is not in the meeting; wait for the event "joined".');
  return { room: now.room, media: now.media, leave: now.leave };
}

function stateOf(now: EmbeddedRoom | undefined, layout: EmbedLayout): EmbedState {
  const { mic, camera, screen } = deviceState(now?.media);
  return {
    phase: phaseOf(now?.phase ?? 'joining'),
    room: now?.room?.name ?? now?.roomName ?? '',
    mic,
    camera,
    screen,
    layout,
    hand: now?.room?.hand !== undefined,
    participants: now?.room && now.media ? participantsOf(now.room, now.media) : [],
  };
}

const deviceState = (media: LocalMedia | undefined) =>
  media?.state ?? { mic: false, camera: false, screen: false };
