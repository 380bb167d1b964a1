import type { AudioProcessing, Receive, SendQuality } from '@kaigi/client';
import { readStored, writeStored } from './storage';
import { createStore, useStore } from './store';

export type Theme = 'light' | 'dark' | 'system';
export type Language = 'en' | 'zh-CN';

/** What the server's cookie remembers as well. */
export interface Preferences {
  name?: string;
  lang?: Language;
  theme?: Theme;
}

/** What only this browser remembers. */
export interface LocalChoices {
  mic: boolean;
  camera: boolean;
  selfView: boolean;
  /** How the stage is laid out; absent in what older versions have stored. */
  layout?: 'grid' | 'speaker';
  /** Hold the space bar to talk; this and the next two are on unless somebody turned them off. */
  pushToTalk?: boolean;
  /** Tell who talks while muted. */
  mutedHint?: boolean;
  /** Sounds when somebody comes or goes. */
  chimes?: boolean;
  speaker: string;
  micDevice: string;
  cameraDevice: string;
  processing: AudioProcessing;
  /** How one's own picture is sent, and what is received; absent in what older versions have stored. */
  quality?: SendQuality;
  receive?: Receive;
  recentRooms: string[];
}

interface SessionAnswer {
  preferences: Preferences;
  mayOpenRooms: boolean;
  /** Where others reach the server, when this page was opened on the server's own loopback address. */
  inviteOrigin?: unknown;
}

const preferences = createStore<Preferences>(readStored('preferences', {}, isPreferences));
const choices = createStore<LocalChoices>(
  readStored(
    'choices',
    {
      mic: true,
      camera: true,
      selfView: true,
      speaker: '',
      micDevice: '',
      cameraDevice: '',
      processing: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      recentRooms: [],
    },
    isLocalChoices,
  ),
);

/** False where the server was started with a key for opening rooms and we have none. */
const mayOpenRooms = createStore(true);

/** What the server says to put into invitations instead of this page's own address. */
const inviteOrigin = createStore<string | undefined>(undefined);

export const usePreferences = () => useStore(preferences);
export const useChoices = () => useStore(choices);
export const useMayOpenRooms = () => useStore(mayOpenRooms);
export const useInviteOrigin = () => useStore(inviteOrigin);
export const currentPreferences = () => preferences.get();
export const currentChoices = () => choices.get();
export const onPreferences = preferences.subscribe;

export function setPreferences(change: Preferences): void {
  preferences.set((previous) => ({ ...previous, ...change }));
  writeStored('preferences', preferences.get());
  scheduleUpload();
}

export function setChoices(change: Partial<LocalChoices>): void {
  choices.set((previous) => ({ ...previous, ...change }));
  writeStored('choices', choices.get());
}

const recentRoomsKept = 5;

export function rememberRoom(room: string): void {
  const others = choices.get().recentRooms.filter((other) => other !== room);
  setChoices({ recentRooms: [room, ...others].slice(0, recentRoomsKept) });
}

/** Lets the cookie remember that we may open rooms, after a key has proved right. */
export function rememberKey(createKey: string): void {
  void fetch('/api/v1/session', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ createKey }),
  }).then(
    ({ ok }) => ok && mayOpenRooms.set(true),
    () => undefined, // asked again next time
  );
}

/** Takes over what the server's cookie remembers; what this browser knows itself wins. Never throws. */
export async function loadSession(): Promise<void> {
  try {
    const response = await fetch('/api/v1/session', { headers: { accept: 'application/json' } });
    if (!response.ok) return;
    const answer: unknown = await response.json();
    if (!isSessionAnswer(answer)) return;
    mayOpenRooms.set(answer.mayOpenRooms);
    inviteOrigin.set(webOrigin(answer.inviteOrigin));
    preferences.set((own) => ({ ...answer.preferences, ...own }));
    writeStored('preferences', preferences.get());
  } catch {
    // Offline, or a server without sessions: localStorage has the preferences anyway.
  }
}

let upload: ReturnType<typeof setTimeout> | undefined;

function scheduleUpload(): void {
  clearTimeout(upload);
  upload = setTimeout(() => {
    fetch('/api/v1/session', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ preferences: preferences.get() }),
      keepalive: true,
    }).catch(() => undefined);
  }, 600);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isPreferences(value: unknown): value is Preferences {
  if (!isRecord(value)) return false;
  const { name, lang, theme } = value;
  return (
    (name === undefined || typeof name === 'string') &&
    (lang === undefined || lang === 'en' || lang === 'zh-CN') &&
    (theme === undefined || theme === 'light' || theme === 'dark' || theme === 'system')
  );
}

function isLocalChoices(value: unknown): value is LocalChoices {
  return (
    isRecord(value) &&
    typeof value.mic === 'boolean' &&
    typeof value.camera === 'boolean' &&
    typeof value.selfView === 'boolean' &&
    (value.layout === undefined || value.layout === 'grid' || value.layout === 'speaker') &&
    ['pushToTalk', 'mutedHint', 'chimes'].every(
      (name) => value[name] === undefined || typeof value[name] === 'boolean',
    ) &&
    typeof value.speaker === 'string' &&
    typeof value.micDevice === 'string' &&
    typeof value.cameraDevice === 'string' &&
    isRecord(value.processing) &&
    ['echoCancellation', 'noiseSuppression', 'autoGainControl'].every(
      (name) => typeof (value.processing as Record<string, unknown>)[name] === 'boolean',
    ) &&
    isQuality(value.quality) &&
    (value.receive === undefined || ['everything', 'low', 'audio-only'].includes(value.receive as string)) &&
    Array.isArray(value.recentRooms) &&
    value.recentRooms.every((room) => typeof room === 'string')
  );
}

function isQuality(value: unknown): value is SendQuality | undefined {
  if (value === undefined) return true;
  const numbers = ['height', 'frameRate', 'bitrate'];
  return (
    isRecord(value) &&
    numbers.every(
      (name) => value[name] === undefined || (Number.isFinite(value[name]) && Number(value[name]) > 0),
    ) &&
    (value.codec === undefined || typeof value.codec === 'string')
  );
}

/** The origin in a web address; undefined for anything else. */
export function webOrigin(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { protocol, origin } = new URL(value);
  return protocol === 'https:' || protocol === 'http:' ? origin : undefined;
}

function isSessionAnswer(value: unknown): value is SessionAnswer {
  return isRecord(value) && isPreferences(value.preferences) && typeof value.mayOpenRooms === 'boolean';
}
