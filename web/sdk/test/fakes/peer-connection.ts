/** The signaling state machine of an RTCPeerConnection, as far as negotiation relies on it; no media. */

interface FakeTransceiver {
  mid: string | null;
  direction: RTCRtpTransceiverDirection;
  kind: string;
  sender: FakeSender;
  receiver: FakeReceiver;
}

interface FakeReceiver {
  track: { kind: string; of: string; id: string };
  /** What has come for it: packets of sound, frames of video. */
  received: number;
  audioLevel: number;
  getSynchronizationSources: () => RTCRtpSynchronizationSource[];
}

class FakeSender {
  track: unknown;
  parameters: { encodings: RTCRtpEncodingParameters[]; codecs: RTCRtpCodecParameters[] };
  /** Thrown at the next change. */
  failure: Error | undefined;
  constructor(track: unknown, encodings: RTCRtpEncodingParameters[]) {
    this.track = track;
    this.parameters = { encodings, codecs: [] };
  }
  async replaceTrack(track: unknown): Promise<void> {
    this.track = track;
  }
  getParameters() {
    return structuredClone(this.parameters);
  }
  async setParameters(parameters: FakeSender['parameters']): Promise<void> {
    await Promise.resolve();
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure;
    this.parameters = parameters;
  }
}

export class FakeDataChannel extends EventTarget {
  readyState: RTCDataChannelState = 'connecting';
  bufferedAmount = 0;
  binaryType = 'blob';
  readonly sent: Uint8Array[] = [];
  constructor(
    readonly label: string,
    readonly options: RTCDataChannelInit,
  ) {
    super();
  }
  send(data: Uint8Array): void {
    this.sent.push(data);
  }
  receive(data: Uint8Array<ArrayBuffer>): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: data.slice().buffer }));
  }
  open(): void {
    this.readyState = 'open';
    this.dispatchEvent(new Event('open'));
  }
}

interface Description {
  type: 'offer' | 'answer';
  sdp: string;
}

let connections = 0;

export class FakePeerConnection extends EventTarget {
  signalingState: RTCSignalingState = 'stable';
  connectionState: RTCPeerConnectionState = 'new';
  currentRemoteDescription: Description | null = null;
  currentLocalDescription: Description | null = null;
  localDescription: Description | null = null;
  remoteDescription: Description | null = null;
  readonly candidates: string[] = [];
  readonly channels: FakeDataChannel[] = [];
  restarts = 0;
  bytesReceived = 0;
  closed = false;
  /** Candidates "gathered" after each local description. */
  gathers = 1;
  readonly #id = ++connections;
  #version = 0;
  #dtls: string | undefined;
  #ufrag = 0;
  #stableLocal: Description | null = null;
  #transceivers: FakeTransceiver[] = [];

  constructor(public configuration: RTCConfiguration = {}) {
    super();
  }

  addTransceiver(trackOrKind: string | { kind: string }, init: RTCRtpTransceiverInit = {}): FakeTransceiver {
    const kind = typeof trackOrKind === 'string' ? trackOrKind : trackOrKind.kind;
    const track = typeof trackOrKind === 'string' ? null : trackOrKind;
    return this.#add(null, kind, init.direction ?? 'sendrecv', track, init.sendEncodings);
  }

  getTransceivers(): FakeTransceiver[] {
    return [...this.#transceivers];
  }

  createDataChannel(label: string, options: RTCDataChannelInit): FakeDataChannel {
    const channel = new FakeDataChannel(label, options);
    this.channels.push(channel);
    return channel;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  restartIce(): void {
    this.restarts++;
    this.#ufrag++;
    queueMicrotask(() => this.dispatchEvent(new Event('negotiationneeded')));
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    if (this.closed) throw new Error('closed');
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.#transceivers.forEach((transceiver, index) => (transceiver.mid ??= String(index)));
    const lines = this.#transceivers
      .map((t) => `m=${t.kind}\r\na=mid:${t.mid}\r\na=${t.direction}\r\n`)
      .join('');
    const sdp = `v=0\r\no=fake ${this.#id} ${++this.#version} IN IP4 0\r\na=ice-ufrag:${this.#id}.${this.#ufrag}\r\na=setup:${type === 'offer' ? 'actpass' : this.#role()}\r\n${lines}`;
    this.localDescription = { type, sdp };
    if (type === 'answer') {
      this.#dtls ??= this.#role();
      this.#becomeStable();
    } else this.signalingState = 'have-local-offer';
    // Browsers fire this in tasks of their own; at once is the hardest case.
    for (let i = 0; i < this.gathers; i++) {
      const candidate = {
        candidate: `${this.#id}.${this.#ufrag}`,
        sdpMid: '0',
        sdpMLineIndex: 0,
        usernameFragment: null,
      };
      this.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate }));
    }
  }

  async setRemoteDescription({ type, sdp: given }: Description): Promise<void> {
    await Promise.resolve();
    // Chromium keeps a remote description in words of its own; the user name of `o=` is not among them.
    const sdp = given.replace('o=fake ', 'o=- ');
    if (this.closed) throw new Error('closed');
    if (type === 'answer') {
      const role = sdp.includes('a=setup:active') ? 'passive' : 'active';
      if (role !== (this.#dtls ??= role)) throw new Error('Failed to set SSL role for the transport.');
      if (this.signalingState !== 'have-local-offer') throw new Error('an answer without an offer');
      this.remoteDescription = { type, sdp };
      return this.#becomeStable();
    }
    // An implicit rollback: transceivers made by addTransceiver stay, without their m-line.
    if (this.signalingState === 'have-local-offer') {
      this.localDescription = this.#stableLocal;
      if (!this.#stableLocal) for (const transceiver of this.#transceivers) transceiver.mid = null;
    }
    this.remoteDescription = { type, sdp };
    this.signalingState = 'have-remote-offer';
    for (const [, kind = '', mid = ''] of sdp.matchAll(/m=(\w+)\r\na=mid:(\d+)/g)) {
      if (!this.#transceivers.some((t) => t.mid === mid)) this.#add(mid, kind, 'recvonly', null);
    }
  }

  async addIceCandidate({ candidate }: RTCIceCandidateInit): Promise<void> {
    await Promise.resolve();
    if (!this.remoteDescription) throw new Error('no remote description');
    if (candidate && !this.remoteDescription.sdp.includes(`a=ice-ufrag:${candidate}\r\n`)) {
      throw new Error('unknown ufrag');
    }
    this.candidates.push(candidate ?? '');
  }

  async getStats(): Promise<Map<string, unknown>> {
    const inbound = this.#transceivers.map(({ kind, receiver }, index) => {
      const { track, received, audioLevel } = receiver;
      const count =
        kind === 'audio'
          ? { packetsReceived: received, audioLevel }
          : { keyFramesDecoded: received, framesDecoded: received };
      return [`in ${index}`, { type: 'inbound-rtp', kind, trackIdentifier: track.id, ...count }] as const;
    });
    return new Map<string, unknown>([
      [
        'pair',
        { type: 'candidate-pair', nominated: true, state: 'succeeded', bytesReceived: this.bytesReceived },
      ],
      ...inbound,
    ]);
  }

  close(): void {
    this.closed = true;
    this.signalingState = 'closed';
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }

  #add(
    mid: string | null,
    kind: string,
    direction: RTCRtpTransceiverDirection,
    track: unknown,
    encodings: RTCRtpEncodingParameters[] = [{}],
  ): FakeTransceiver {
    const id = `${this.#id}.${this.#transceivers.length}`;
    const receiver: FakeReceiver = {
      track: { kind, of: `connection ${this.#id}`, id },
      received: 0,
      audioLevel: 0,
      getSynchronizationSources: () => [],
    };
    const transceiver = { mid, direction, kind, sender: new FakeSender(track, encodings), receiver };
    this.#transceivers.push(transceiver);
    return transceiver;
  }

  /** As Firefox does: active, whatever was agreed before, unless the offer says otherwise. */
  #role(): string {
    return this.remoteDescription?.sdp.includes('a=setup:active') ? 'passive' : 'active';
  }

  #becomeStable(): void {
    this.signalingState = 'stable';
    this.currentRemoteDescription = this.remoteDescription;
    this.#stableLocal = this.currentLocalDescription = this.localDescription;
  }
}

/** As the code under test sees it. */
export function asReal(fake: FakePeerConnection): RTCPeerConnection {
  return fake as unknown as RTCPeerConnection;
}
