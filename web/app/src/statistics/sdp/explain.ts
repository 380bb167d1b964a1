import {
  attributes,
  extensions,
  feedback,
  types,
  type AttributeName,
  type ExtensionKey,
  type FeedbackKey,
  type TypeName,
} from './attributes';
import type { SdpLine, SdpSection } from './parse';

/** What goes into a text. */
type Values = Partial<
  Record<
    'argument' | 'payloadType' | 'codec' | 'rate' | 'channels' | 'repaired' | 'protocol' | 'address' | 'port',
    string
  >
>;

/** What to say about a line: which text, what goes into it, and where it is defined. */
export type Explanation = { rfc: string | undefined } & (
  | { about: 'type'; name: TypeName }
  | { about: 'media'; kind: string; formats: number }
  | { about: 'attribute'; name: AttributeName; values: Values }
  | { about: 'extension'; name: ExtensionKey; id: string }
  | { about: 'feedback'; name: FeedbackKey; codec: string }
  | { about: 'candidate'; name: 'host' | 'srflx' | 'prflx' | 'relay'; values: Values }
  | { about: 'retransmission'; values: Values }
  | { about: 'unknown' }
);

const has = <T extends object>(table: T, name: string): name is Extract<keyof T, string> =>
  Object.hasOwn(table, name);

export function explain(line: SdpLine, { codecs }: Pick<SdpSection, 'codecs'>): Explanation {
  const { type, attribute, argument = '', value } = line;
  if (type === 'm') {
    const [kind = '', , , ...formats] = value.split(' ');
    return { about: 'media', kind, formats: formats.length, rfc: types.m };
  }
  if (attribute === undefined) {
    return has(types, type)
      ? { about: 'type', name: type, rfc: types[type] }
      : { about: 'unknown', rfc: undefined };
  }
  if (!has(attributes, attribute)) return { about: 'unknown', rfc: undefined };
  const rfc: string = attributes[attribute];
  switch (attribute) {
    case 'extmap':
      return explainExtension(argument, rfc);
    case 'rtcp-fb':
      return explainFeedback(argument, codecs, rfc);
    case 'candidate':
      return explainCandidate(argument, rfc);
    case 'rtpmap':
    case 'fmtp':
      return explainFormat(attribute, argument, codecs, rfc);
    default:
      return { about: 'attribute', name: attribute, values: { argument }, rfc };
  }
}

function explainFormat(
  name: 'rtpmap' | 'fmtp',
  argument: string,
  codecs: ReadonlyMap<string, string>,
  rfc: string,
): Explanation {
  const [payloadType = '', rest = ''] = split(argument);
  const codec = nameOf(payloadType, codecs);
  // RFC 4588 §8.6: these formats are another one's, sent once more.
  const repaired = name === 'fmtp' && /^rtx$/i.test(codec) ? /\bapt=(\d+)/.exec(rest)?.[1] : undefined;
  if (repaired !== undefined) {
    const values = { payloadType, repaired, codec: nameOf(repaired, codecs) };
    return { about: 'retransmission', values, rfc: 'RFC 4588 §8.6' };
  }
  const [, rate = '', channels] = rest.split('/');
  const values =
    name === 'rtpmap' ? { payloadType, codec, rate, channels: channels ?? '1' } : { payloadType, codec };
  return { about: 'attribute', name, values, rfc };
}

function explainExtension(argument: string, rfc: string): Explanation {
  // `3/recvonly urn:…`: a direction may follow the number (RFC 8285 §8).
  const [number = '', uri = ''] = split(argument);
  const id = number.split('/')[0] ?? number;
  const end = uri.split(' ')[0] ?? uri;
  const name = Object.keys(extensions).find((one) => end.endsWith(`:${one}`) || end.endsWith(`/${one}`));
  if (!name || !has(extensions, name)) return { about: 'extension', name: 'other', id, rfc };
  const [key, where] = extensions[name];
  return { about: 'extension', name: key, id, rfc: where };
}

function explainFeedback(argument: string, codecs: ReadonlyMap<string, string>, rfc: string): Explanation {
  const [payloadType = '', message = ''] = split(argument);
  const codec = payloadType === '*' ? '*' : nameOf(payloadType, codecs);
  if (!has(feedback, message)) return { about: 'feedback', name: 'other', codec, rfc };
  const [name, where] = feedback[message];
  return { about: 'feedback', name, codec, rfc: where };
}

const candidateTypes = ['host', 'srflx', 'prflx', 'relay'] as const;

function explainCandidate(argument: string, rfc: string): Explanation {
  const [, component, transport = '', , address = '', port = '', typ, kind] = argument.split(' ');
  const name = candidateTypes.find((one) => one === kind);
  if (!name || typ !== 'typ' || component === undefined) return { about: 'unknown', rfc };
  return { about: 'candidate', name, values: { protocol: transport.toUpperCase(), address, port }, rfc };
}

function nameOf(payloadType: string, codecs: ReadonlyMap<string, string>): string {
  return codecs.get(payloadType) ?? '?';
}

function split(text: string): [string, string] {
  const space = text.indexOf(' ');
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1).trim()];
}
