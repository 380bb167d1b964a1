import { NO_SETTINGS } from '../../src/permissions';
import type { ChatEntry, Joined, Participant } from '../../src/wire.gen';

export const SILENT = { mic: false, camera: false, screen: false, screenAudio: false };

export const TURN = { username: '1:me', credential: 'c', seconds: 86_400 };

export function participant(id: string, more: Partial<Participant> = {}): Participant {
  return { id, name: id, media: SILENT, connected: true, incarnation: 0, joinedAt: 0, host: false, ...more };
}

export function joined(own: Participant, others: Participant[], more: Partial<Joined> = {}): Joined {
  return {
    outcome: 'new',
    room: 'room',
    participant: own,
    resumeToken: `token of ${own.id}`,
    resumeSeconds: 30,
    participants: others,
    chat: [],
    turn: TURN,
    iceServers: [],
    sameDevice: false,
    topology: 'direct',
    settings: NO_SETTINGS,
    votes: [],
    waiting: [],
    breakouts: { rooms: [], main: [] },
    mediaLimits: { videoSlots: 12, audioSlots: 4, mostVideoSlots: 49 },
    serverVersion: '0',
    ...more,
  };
}

export function line(id: number, from: string, text: string): ChatEntry {
  return { id, at: id, from, name: from, body: { type: 'message', text } };
}
