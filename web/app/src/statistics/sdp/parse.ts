/** One line of a session description (RFC 8866 §5). */
export interface SdpLine {
  /** From 1, as an editor counts. */
  number: number;
  raw: string;
  /** The letter before the equals sign; empty where the line is none. */
  type: string;
  value: string;
  /** Of an `a=` line: its name, and what follows the colon. */
  attribute?: string;
  argument?: string;
}

/** The session's lines, or those of one media description. */
export interface SdpSection {
  kind: 'session' | 'media';
  /** Of a media description, from 1; 0 for the session. */
  number: number;
  /** Audio, video, application. */
  media?: string;
  port?: number;
  mid?: string;
  direction?: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** Names of payload types, by number (`a=rtpmap`). */
  codecs: ReadonlyMap<string, string>;
  lines: readonly SdpLine[];
}

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;

/** Parts of a description in their order. Lines that make no sense are there as well, without a type. */
export function parseSdp(text: string): SdpSection[] {
  const sections: { -readonly [K in keyof SdpSection]: SdpSection[K] }[] = [];
  let lines: SdpLine[] = [];
  let codecs = new Map<string, string>();
  let media = 0;
  const begin = (kind: SdpSection['kind']) => {
    [lines, codecs] = [[], new Map<string, string>()];
    const section: (typeof sections)[number] = { kind, number: media, lines, codecs };
    sections.push(section);
    return section;
  };
  let section = begin('session');
  text.split(/\r\n|\n|\r/).forEach((raw, index) => {
    if (raw === '') return;
    const line = parseLine(raw, index + 1);
    if (line.type === 'm') {
      media++;
      section = begin('media');
      const [type, port] = line.value.split(' ');
      if (type) section.media = type;
      if (port !== undefined && /^\d+/.test(port)) section.port = Number.parseInt(port, 10);
    }
    lines.push(line);
    const { attribute, argument } = line;
    const direction = DIRECTIONS.find((one) => one === attribute);
    if (direction) section.direction = direction;
    if (attribute === 'mid' && argument !== undefined) section.mid = argument;
    if (attribute === 'rtpmap') {
      const [payloadType = '', encoding = ''] = argument?.split(' ') ?? [];
      codecs.set(payloadType, encoding.split('/')[0] ?? '');
    }
  });
  return sections.filter(({ kind, lines: { length } }) => kind === 'media' || length > 0);
}

function parseLine(raw: string, number: number): SdpLine {
  const found = /^([a-z])=(.*)$/.exec(raw);
  const [, type = '', value = ''] = found ?? [];
  if (!found) return { number, raw, type: '', value: raw };
  if (type !== 'a') return { number, raw, type, value };
  const colon = value.indexOf(':');
  return colon < 0
    ? { number, raw, type, value, attribute: value }
    : { number, raw, type, value, attribute: value.slice(0, colon), argument: value.slice(colon + 1) };
}

/** The sections with only those lines that hold the words; sections without any are left out. */
export function searchSdp(sections: readonly SdpSection[], words: string): SdpSection[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return [...sections];
  return sections.flatMap((section) => {
    const lines = section.lines.filter(({ raw }) => raw.toLowerCase().includes(wanted));
    return lines.length > 0 ? [{ ...section, lines }] : [];
  });
}
