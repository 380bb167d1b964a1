import type { ChatEntry, LocalMedia, MediaState, Room } from '@kaigi/client';
import type { EmbedChatMessage, EmbedParticipant, EmbedPhase } from '@kaigi/client/embed';

/** What of the meeting the page around us gets to see. */
export function participantsOf(room: Room, media: LocalMedia): EmbedParticipant[] {
  const own = {
    id: room.id,
    name: room.displayName,
    own: true,
    host: room.host,
    hand: room.hand !== undefined,
    ...devices(media.state),
  };
  const others = room.participants.map(({ id, name, host, hand, media: state }) => ({
    id,
    name,
    own: false,
    host,
    hand: hand !== undefined,
    ...devices(state),
  }));
  return [own, ...others];
}

export function messagesOf(lines: readonly ChatEntry[], own: string): EmbedChatMessage[] {
  return lines.flatMap(({ id, from, name, at, to, body }) =>
    body.type === 'message'
      ? [{ id, from, name, text: body.text, at, own: from === own, direct: to !== undefined }]
      : [],
  );
}

export function speakersOf(room: Room, ownVoice: boolean): string[] {
  const others = room.participants.filter(({ speaking }) => speaking).map(({ id }) => id);
  return ownVoice ? [room.id, ...others] : others;
}

const phases: readonly string[] = [
  'prejoin',
  'joining',
  'waiting',
  'not-open',
  'password',
  'meeting',
  'failed',
] satisfies EmbedPhase[];

/** However one came out of it, one is out. */
export function phaseOf(phase: string): EmbedPhase {
  return phases.includes(phase) ? (phase as EmbedPhase) : 'left';
}

const devices = ({ mic, camera, screen }: MediaState) => ({ mic, camera, screen });
