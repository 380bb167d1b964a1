/** Where each attribute is defined; the texts say what it means. */
export const attributes = {
  // Session description itself
  sendrecv: 'RFC 8866 §6.7',
  sendonly: 'RFC 8866 §6.7',
  recvonly: 'RFC 8866 §6.7',
  inactive: 'RFC 8866 §6.7',
  rtpmap: 'RFC 8866 §6.6',
  fmtp: 'RFC 8866 §6.15',
  ptime: 'RFC 8866 §6.4',
  maxptime: 'RFC 8866 §6.5',
  framerate: 'RFC 8866 §6.13',
  // Grouping and streams
  group: 'RFC 5888 §5; RFC 9143',
  mid: 'RFC 5888 §4',
  msid: 'RFC 8830 §2',
  'msid-semantic': 'draft-ietf-mmusic-msid',
  'bundle-only': 'RFC 9143 §6',
  rid: 'RFC 8851 §4',
  simulcast: 'RFC 8853 §5.1',
  'x-google-flag': 'Chromium',
  // ICE
  'ice-ufrag': 'RFC 8839 §5.4',
  'ice-pwd': 'RFC 8839 §5.4',
  'ice-options': 'RFC 8839 §5.6',
  'ice-lite': 'RFC 8839 §5.3',
  candidate: 'RFC 8839 §5.1',
  'remote-candidates': 'RFC 8839 §5.2',
  'end-of-candidates': 'RFC 8840 §8.2',
  // Keys
  fingerprint: 'RFC 8122 §5',
  setup: 'RFC 8842 §5.2; RFC 4145 §4',
  'tls-id': 'RFC 8842 §5.1',
  identity: 'RFC 8827 §5',
  crypto: 'RFC 4568 §4',
  // RTP and RTCP
  rtcp: 'RFC 3605 §2.1',
  'rtcp-mux': 'RFC 5761 §5.1.1',
  'rtcp-mux-only': 'RFC 8858 §4',
  'rtcp-rsize': 'RFC 5506 §5',
  'rtcp-fb': 'RFC 4585 §4.2',
  extmap: 'RFC 8285 §8',
  'extmap-allow-mixed': 'RFC 8285 §6',
  ssrc: 'RFC 5576 §4.1',
  'ssrc-group': 'RFC 5576 §4.2',
  imageattr: 'RFC 6236 §3.1',
  // Data channels
  'sctp-port': 'RFC 8841 §5',
  sctpmap: 'draft-ietf-mmusic-sctp-sdp',
  'max-message-size': 'RFC 8841 §6',
  dcmap: 'RFC 8864 §5.1',
} as const;

export type AttributeName = keyof typeof attributes;

export const types = {
  v: 'RFC 8866 §5.1',
  o: 'RFC 8866 §5.2',
  s: 'RFC 8866 §5.3',
  i: 'RFC 8866 §5.4',
  u: 'RFC 8866 §5.5',
  e: 'RFC 8866 §5.6',
  p: 'RFC 8866 §5.6',
  c: 'RFC 8866 §5.7',
  b: 'RFC 8866 §5.8',
  t: 'RFC 8866 §5.9',
  r: 'RFC 8866 §5.10',
  z: 'RFC 8866 §5.11',
  k: 'RFC 8866 §5.12',
  m: 'RFC 8866 §5.14',
} as const;

export type TypeName = keyof typeof types;

/** RTP header extensions by the end of their URI, and where they are defined. */
export const extensions = {
  'ssrc-audio-level': ['level', 'RFC 6464'],
  'csrc-audio-level': ['mixer', 'RFC 6465'],
  'abs-send-time': ['sendtime', 'webrtc.org'],
  'transport-wide-cc-extensions-01': ['transport', 'draft-holmer-rmcat-transport-wide-cc-extensions'],
  'transport-wide-cc-02': ['transport', 'webrtc.org'],
  'sdes:mid': ['mid', 'RFC 9143 §15'],
  'sdes:rtp-stream-id': ['rid', 'RFC 8852 §3.1'],
  'sdes:repaired-rtp-stream-id': ['repaired', 'RFC 8852 §3.2'],
  toffset: ['offset', 'RFC 5450'],
  'video-orientation': ['orientation', '3GPP TS 26.114'],
  'playout-delay': ['playout', 'webrtc.org'],
  'video-content-type': ['content', 'webrtc.org'],
  'video-timing': ['timing', 'webrtc.org'],
  'color-space': ['color', 'webrtc.org'],
  'abs-capture-time': ['capture', 'webrtc.org'],
  'video-layers-allocation00': ['layers', 'webrtc.org'],
  'dependency-descriptor-rtp-header-extension': ['dependency', 'AV1 RTP specification'],
  'generic-frame-descriptor-00': ['dependency', 'webrtc.org'],
} as const;

export type ExtensionKey = (typeof extensions)[keyof typeof extensions][0] | 'other';

/** Feedback messages of RTCP by their name in `a=rtcp-fb`. */
export const feedback = {
  nack: ['nack', 'RFC 4585 §6.2.1'],
  'nack pli': ['pli', 'RFC 4585 §6.3.1'],
  'ccm fir': ['fir', 'RFC 5104 §4.3.1'],
  'ccm tmmbr': ['tmmbr', 'RFC 5104 §4.2.1'],
  'goog-remb': ['remb', 'draft-alvestrand-rmcat-remb'],
  'transport-cc': ['transport', 'draft-holmer-rmcat-transport-wide-cc-extensions'],
  rrtr: ['rrtr', 'RFC 3611 §4.4'],
} as const;

export type FeedbackKey = (typeof feedback)[keyof typeof feedback][0] | 'other';
