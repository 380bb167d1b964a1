import { describe, expect, it } from 'vitest';
import { explain } from '../src/statistics/sdp/explain';
import { parseSdp, searchSdp, type SdpSection } from '../src/statistics/sdp/parse';

const sdp = [
  'v=0',
  'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=sendrecv',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'a=extmap:2/recvonly http://example.org/none',
  'a=candidate:1 1 udp 2113937151 192.0.2.7 54400 typ host generation 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97',
  'a=mid:1',
  'a=recvonly',
  'a=rtpmap:96 VP8/90000',
  'a=rtcp-fb:96 nack pli',
  'a=rtcp-fb:* transport-cc',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=unheard-of:42',
  'this is no line',
  'q=strange',
  '',
].join('\r\n');

const sections = parseSdp(sdp);
const [, audio, video] = sections as [SdpSection, SdpSection, SdpSection];
const explained = (section: SdpSection, raw: string) => {
  const line = section.lines.find((one) => one.raw === raw);
  if (!line) throw new Error(`no line ${raw}`);
  return explain(line, section);
};

describe('a session description', () => {
  it('is taken apart into the session and its media', () => {
    expect(
      sections.map(({ kind, number, media, mid, direction }) => [kind, number, media, mid, direction]),
    ).toEqual([
      ['session', 0, undefined, undefined, undefined],
      ['media', 1, 'audio', '0', 'sendrecv'],
      ['media', 2, 'video', '1', 'recvonly'],
    ]);
    expect(sections.flatMap(({ lines }) => lines.map(({ raw }) => raw)).join('\r\n')).toBe(sdp.trimEnd());
    expect(video.lines[0]).toMatchObject({ number: 15, type: 'm' });
  });

  it('with other line ends is the same', () => {
    expect(parseSdp(sdp.replaceAll('\r\n', '\n'))).toEqual(sections);
  });

  it('that is empty has no sections; one that makes no sense has lines that make none', () => {
    expect(parseSdp('')).toEqual([]);
    const [nonsense] = parseSdp('\u0000\n==\nv\n');
    expect(nonsense?.lines.map((line) => explain(line, nonsense).about)).toEqual([
      'unknown',
      'unknown',
      'unknown',
    ]);
  });

  it('is searched by words, whatever their case', () => {
    expect(searchSdp(sections, 'VP8 ').map(({ number, lines }) => [number, lines.length])).toEqual([[2, 1]]);
    expect(searchSdp(sections, '')).toEqual(sections);
    expect(searchSdp(sections, 'nowhere')).toEqual([]);
  });

  it('of 128 kB is read, searched and explained at once', () => {
    const large = parseSdp(sdp.repeat(Math.ceil(131_072 / sdp.length)).slice(0, 131_072));
    const long = parseSdp(`m=video 9 RTP 96\r\n${'a=ssrc:1 cname:x\r\n'.repeat(7_000)}`);
    const begun = performance.now();
    for (const text of [sdp.repeat(200), `m=${'x'.repeat(131_072)}`, 'a=extmap:'.repeat(14_000)])
      parseSdp(text);
    for (const section of [...large, ...long]) for (const line of section.lines) explain(line, section);
    searchSdp(large, 'a=');
    // A long task begins at 50 ms; a busy machine of the tests gets some more.
    expect(performance.now() - begun).toBeLessThan(400);
  });
});

describe('a line', () => {
  it('is explained by its type', () => {
    expect(explained(sections[0] as SdpSection, 's=-')).toEqual({
      about: 'type',
      name: 's',
      rfc: 'RFC 8866 §5.3',
    });
    expect(explained(audio, 'm=audio 9 UDP/TLS/RTP/SAVPF 111 63')).toMatchObject({
      kind: 'audio',
      formats: 2,
    });
  });

  it('is explained by its attribute, with the codec it is about', () => {
    expect(explained(audio, 'a=rtpmap:111 opus/48000/2')).toMatchObject({
      name: 'rtpmap',
      values: { payloadType: '111', codec: 'opus', rate: '48000', channels: '2' },
    });
    expect(explained(audio, 'a=fmtp:111 minptime=10;useinbandfec=1')).toMatchObject({
      name: 'fmtp',
      values: { payloadType: '111', codec: 'opus' },
    });
    expect(explained(video, 'a=fmtp:97 apt=96')).toMatchObject({
      about: 'retransmission',
      values: { payloadType: '97', repaired: '96', codec: 'VP8' },
      rfc: 'RFC 4588 §8.6',
    });
  });

  it('about feedback names the message', () => {
    expect(explained(video, 'a=rtcp-fb:96 nack pli')).toMatchObject({ name: 'pli', codec: 'VP8' });
    expect(explained(video, 'a=rtcp-fb:* transport-cc')).toMatchObject({ name: 'transport', codec: '*' });
  });

  it('about a header extension says which, known or not', () => {
    expect(explained(audio, 'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level')).toMatchObject({
      name: 'level',
      id: '1',
      rfc: 'RFC 6464',
    });
    expect(explained(audio, 'a=extmap:2/recvonly http://example.org/none')).toMatchObject({
      name: 'other',
      id: '2',
    });
  });

  it('with a candidate says whose address it is', () => {
    expect(
      explained(audio, 'a=candidate:1 1 udp 2113937151 192.0.2.7 54400 typ host generation 0'),
    ).toMatchObject({ name: 'host', values: { protocol: 'UDP', address: '192.0.2.7', port: '54400' } });
  });

  it('that is not known is called so', () => {
    for (const raw of ['a=unheard-of:42', 'this is no line', 'q=strange']) {
      expect(explained(video, raw).about).toBe('unknown');
    }
    const [odd] = parseSdp('a=constructor:1\na=candidate:x\n');
    expect(odd?.lines.map((line) => explain(line, odd).about)).toEqual(['unknown', 'unknown']);
  });
});
