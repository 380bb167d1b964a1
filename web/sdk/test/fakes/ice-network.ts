/** A network between a browser and a server's STUN and TURN, as far as candidates and packets tell of it. */

export interface Path {
  /** Milliseconds until a candidate comes; absent: never. */
  answersAfter?: number;
  /** STUN error code that TURN answers with instead of a relay. */
  refusal?: number;
  /** The browser reports at once that the connection was refused, as it does over TCP and TLS. */
  fails?: boolean;
  /** Packets through the relay: time there and back, every n-th lost, bits per second, dead from some moment on. */
  delayMs?: number;
  loseEvery?: number;
  bitsPerSecond?: number;
  deadAfterMs?: number;
  /** The relay connects, but nothing passes. */
  silent?: boolean;
  /** Milliseconds until the two ends of a relay are connected. */
  connectsAfter?: number;
}

export interface IceNetwork {
  udp: Path;
  tcp: Path;
  tls: Path;
  /** What the server sees; absent: the address the browser offers itself. */
  reflexive?: string;
  /** The browser does not tell which address of ours the relay saw. */
  hidesAddresses?: boolean;
  /** The browser offers no UDP at all. */
  udpForbidden?: boolean;
  /** It does not begin to gather at all. */
  allForbidden?: boolean;
}

class FakeChannel extends EventTarget {
  readyState: RTCDataChannelState = 'connecting';
  binaryType = 'blob';
  far: FakeChannel | undefined;
  #path: Path;
  #sent = 0;
  #freeAt = 0;
  readonly #underWay: { at: number; data: ArrayBuffer }[] = [];
  readonly #createdAt = performance.now();

  constructor(path: Path) {
    super();
    this.#path = path;
  }

  get bufferedAmount(): number {
    const { bitsPerSecond = Infinity } = this.#path;
    const milliseconds = Math.max(0, this.#freeAt - performance.now());
    return milliseconds === 0 ? 0 : (milliseconds * bitsPerSecond) / 8_000;
  }

  send(data: ArrayBuffer): void {
    const { delayMs = 10, loseEvery, bitsPerSecond = Infinity, deadAfterMs = Infinity, silent } = this.#path;
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + (data.byteLength * 8_000) / bitsPerSecond;
    const lost = loseEvery !== undefined && ++this.#sent % loseEvery === 0;
    if (silent || lost || now - this.#createdAt > deadAfterMs) return;
    this.#underWay.push({ at: this.#freeAt + delayMs, data });
    if (this.#underWay.length === 1) this.#deliverLater();
  }

  /** One timer for all: thousands of them are what virtual time is slow with. */
  #deliverLater(): void {
    const first = this.#underWay[0];
    if (!first) return;
    setTimeout(
      () => {
        const now = performance.now();
        const later = this.#underWay.findIndex(({ at }) => at > now);
        for (const { data } of this.#underWay.splice(0, later < 0 ? Infinity : later)) {
          this.far?.dispatchEvent(Object.assign(new Event('message'), { data }));
        }
        this.#deliverLater();
      },
      Math.ceil(first.at - performance.now()),
    );
  }
}

const byName = new Map<string, FakeIceConnection>();
let names = 0;

class FakeIceConnection extends EventTarget {
  localDescription: { type: string; sdp: string } | null = null;
  closed = false;
  iceGatheringState: RTCIceGatheringState = 'new';
  readonly #network: IceNetwork;
  readonly #configuration: RTCConfiguration;
  readonly #name = String(++names);
  #channel: FakeChannel | undefined;
  #remote: FakeIceConnection | undefined;
  #hasCandidate = false;

  constructor(network: IceNetwork, configuration: RTCConfiguration) {
    super();
    this.#network = network;
    this.#configuration = configuration;
    byName.set(this.#name, this);
  }

  createDataChannel(): FakeChannel {
    return (this.#channel = new FakeChannel(this.#path));
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    this.localDescription = { type: this.#remote ? 'answer' : 'offer', sdp: this.#name };
    this.#gather();
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    await Promise.resolve();
    this.#remote = byName.get(sdp);
  }

  async addIceCandidate(): Promise<void> {
    await Promise.resolve();
    if (!this.#remote) throw new Error('no remote description');
    this.#hasCandidate = true;
    const far = this.#remote;
    if (!far.#hasCandidate || !this.#channel || !far.#channel) return;
    this.#channel.far = far.#channel;
    far.#channel.far = this.#channel;
    const channels = [this.#channel, far.#channel];
    setTimeout(() => {
      for (const channel of channels) {
        channel.readyState = 'open';
        channel.dispatchEvent(new Event('open'));
      }
    }, this.#path.connectsAfter ?? 20);
  }

  close(): void {
    this.closed = true;
  }

  get #url(): string {
    return String(this.#configuration.iceServers?.[0]?.urls);
  }

  get #path(): Path {
    if (this.#url.startsWith('turns:')) return this.#network.tls;
    return this.#url.endsWith('transport=tcp') ? this.#network.tcp : this.#network.udp;
  }

  #gather(): void {
    const { reflexive, udpForbidden, allForbidden } = this.#network;
    if (allForbidden) return;
    this.#become('gathering');
    const all = this.#configuration.iceTransportPolicy !== 'relay';
    const overUdp = this.#path === this.#network.udp;
    if (all && !udpForbidden) this.#emit({ type: 'host', protocol: 'udp', address: '192.168.7.20' });
    const { answersAfter, refusal, fails } = this.#path;
    if (fails || (overUdp && udpForbidden)) return this.#end();
    if (answersAfter === undefined) return;
    setTimeout(() => {
      if (this.#url.startsWith('stun:')) {
        if (reflexive !== undefined) this.#emit({ type: 'srflx', protocol: 'udp', address: reflexive });
      } else if (refusal !== undefined) {
        this.dispatchEvent(Object.assign(new Event('icecandidateerror'), { errorCode: refusal }));
      } else {
        const told = all && !this.#network.hidesAddresses;
        const relatedAddress = told ? (reflexive ?? '192.168.7.20') : '0.0.0.0';
        this.#emit({ type: 'relay', protocol: 'udp', address: '203.0.113.1', port: 50_000, relatedAddress });
      }
      this.#end();
    }, answersAfter);
  }

  #end(): void {
    this.#become('complete');
    this.#say(null);
  }

  #become(state: RTCIceGatheringState): void {
    this.iceGatheringState = state;
    if (!this.closed) this.dispatchEvent(new Event('icegatheringstatechange'));
  }

  #emit(candidate: object): void {
    this.#say({ candidate: 'candidate:1', ...candidate });
  }

  #say(candidate: object | null): void {
    if (!this.closed) this.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate }));
  }
}

/** Connections on that network, and which of them are still open. */
export function iceOn(network: IceNetwork) {
  const made: FakeIceConnection[] = [];
  return {
    create: (configuration: RTCConfiguration) => {
      const connection = new FakeIceConnection(network, configuration);
      made.push(connection);
      return connection as unknown as RTCPeerConnection;
    },
    get open() {
      return made.filter(({ closed }) => !closed).length;
    },
  };
}
