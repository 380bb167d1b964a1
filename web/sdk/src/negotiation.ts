import { withKeptRole } from './dtls-role';
import { Emitter } from './emitter';
import type { FirstOffer } from './roster';
import { setRemote } from './start-bitrate';
import type { IceCandidate, SignalPayload } from './wire.gen';

/** The first offer normally comes within one round trip of the other's joining. */
const FIRST_OFFER_MS = 3_000;

export interface NegotiationEvents {
  /** For the peer. */
  signal: SignalPayload;
  /** An exchange is complete: both sides know all m-lines. */
  negotiated: undefined;
  /** The connection was left for a fresh one, by us or by the peer. */
  renewed: undefined;
}

export interface NegotiationOptions {
  /** Gives way when offers cross. Exactly one of the two sides is. */
  polite: boolean;
  firstOffer: FirstOffer;
  /** Makes a connection; again after the first offers crossed, and to begin anew. */
  connect: () => RTCPeerConnection;
  /** Adds what a first offer holds. */
  prepareOffer: (connection: RTCPeerConnection) => void;
  /** Takes over what a first offer has made, before it is answered. */
  prepareAnswer: (connection: RTCPeerConnection) => void;
}

/**
 * Offers, answers and candidates of one peer connection: "perfect negotiation" (W3C webrtc §10.7), with one
 * difference for first offers that cross. A transceiver made for an offer is never matched with the m-line
 * of a remote one (RFC 9429 §5.10), so a rolled back first offer would leave its four behind: the polite
 * side begins with a fresh connection instead.
 *
 * Either side may leave a connection that is past help for a fresh one: its offer then has another session id
 * (RFC 8866 §5.2), which tells the other to do the same.
 */
export class Negotiation extends Emitter<NegotiationEvents> {
  readonly #options: NegotiationOptions;
  #connection: RTCPeerConnection;
  /** Operations, one after the other in the order they came. */
  #chain: Promise<void> = Promise.resolve();
  #closed = false;
  /** Set once an offer was made or answered: from then on the browser may ask for negotiation. */
  #begun = false;
  /** This connection holds the transceivers of a first offer of ours. */
  #offered = false;
  #ignoringOffer = false;
  /** Candidates of ours that came before the description they belong to was sent. */
  #held: IceCandidate[] | undefined;
  /** Candidates of the peer that came before its description. */
  #early: RTCIceCandidateInit[] = [];
  #lastOffer: string | undefined;
  #lastAnswer: string | undefined;
  /** The peer's session in the connection that was left: what it still says in that one comes too late. */
  #left: string | undefined;
  #firstOfferTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: NegotiationOptions) {
    super();
    this.#options = options;
    this.#connection = this.#connect();
  }

  get connection(): RTCPeerConnection {
    return this.#connection;
  }

  /** Resolves when everything begun so far is done: after `start`, when the first offer is on its way. */
  get settled(): Promise<void> {
    return this.#chain;
  }

  /** Makes the first offer, or begins to wait for it. Apart from the constructor so that listeners can be set. */
  start(): void {
    if (this.#options.firstOffer === 'offer') {
      this.#offerFirst();
    } else {
      this.#firstOfferTimer = setTimeout(() => {
        if (!this.#begun) this.emit('signal', { type: 'restart' });
      }, FIRST_OFFER_MS);
    }
  }

  handleSignal(payload: SignalPayload): void {
    switch (payload.type) {
      case 'offer':
        return this.#run(() => this.#handleOffer(payload.sdp));
      case 'answer':
        return this.#run(() => this.#handleAnswer(payload.sdp));
      case 'candidate':
        return this.#run(() => this.#handleCandidate(payload));
      case 'restart':
        return this.#run(() => this.#handleRestart());
    }
  }

  /** Gets negotiation going again: repeats an offer that has no answer, else offers with an ICE restart. */
  restart(): void {
    this.#run(() => {
      if (!this.#begun) this.emit('signal', { type: 'restart' });
      else if (!this.#sendOffer()) this.#connection.restartIce();
    });
  }

  /** Leaves the connection for a fresh one. */
  renew(): void {
    this.#run(() => {
      if (!this.#begun) return;
      this.#replace();
      this.emit('renewed', undefined);
      this.#offerFirst();
    });
  }

  /** Signals that the server had passed on may have died with the peer's connection: says again what is open. */
  repeat(): void {
    this.#run(() => {
      if (this.#begun) this.#sendOffer();
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#firstOfferTimer);
    this.clear();
    this.#connection.close();
  }

  #run(operation: () => Promise<void> | void): void {
    this.#chain = this.#chain.then(async () => {
      if (this.#closed) return;
      try {
        await operation();
      } catch (error) {
        // Closing in the middle of an operation makes it fail; that is no news.
        if (!this.#closed) console.warn('kaigi: negotiation failed', error);
      }
    });
  }

  #connect(): RTCPeerConnection {
    const connection = this.#options.connect();
    const current = () => !this.#closed && connection === this.#connection;
    connection.addEventListener('negotiationneeded', () => {
      if (current() && this.#begun) this.#run(() => this.#offer(connection));
    });
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (current()) this.#handleLocalCandidate(candidate);
    });
    return connection;
  }

  #replace(): void {
    const remote = this.#connection.currentRemoteDescription;
    if (remote) this.#left = sessionOf(remote.sdp);
    this.#connection.close();
    this.#connection = this.#connect();
    this.#offered = false;
  }

  #offerFirst(): void {
    this.#begun = this.#offered = true;
    this.#options.prepareOffer(this.#connection);
    // Now, not when the browser asks for it a task later: this is the way to the first picture.
    const connection = this.#connection;
    this.#run(() => this.#offer(connection));
  }

  async #offer(connection: RTCPeerConnection): Promise<void> {
    // Not stable: the browser asks again once it is. Another one: ours gave way before it was offered.
    if (connection === this.#connection && connection.signalingState === 'stable')
      await this.#describe('offer');
  }

  async #handleOffer(sdp: string): Promise<void> {
    if (sessionOf(sdp) === this.#left) return;
    if (originOf(sdp) === this.#lastOffer) return this.#sendAnswer();
    const before = this.#connection.currentRemoteDescription;
    // Whatever we may be about to say belongs to a connection whose other end is gone.
    const renewed = before !== null && sessionOf(before.sdp) !== sessionOf(sdp);
    const first = before === null || renewed;
    // A first offer of ours that is only prepared collides as well: its transceivers exist.
    const collision = !renewed && (this.#connection.signalingState !== 'stable' || (first && this.#offered));
    this.#ignoringOffer = collision && !this.#options.polite;
    if (this.#ignoringOffer) return;
    if (renewed || (collision && first)) this.#replace();
    if (renewed) this.emit('renewed', undefined);
    this.#begun = true;
    clearTimeout(this.#firstOfferTimer);
    await setRemote(this.#connection, 'offer', sdp);
    this.#lastOffer = originOf(sdp);
    if (first) this.#options.prepareAnswer(this.#connection);
    await this.#describe('answer');
    this.emit('negotiated', undefined);
    await this.#addEarlyCandidates();
  }

  async #handleAnswer(sdp: string): Promise<void> {
    const origin = originOf(sdp);
    // It came twice, because our offer did.
    if (this.#connection.signalingState !== 'have-local-offer' || origin === this.#lastAnswer) return;
    if (sessionOf(sdp) === this.#left) return;
    await setRemote(this.#connection, 'answer', sdp);
    this.#lastAnswer = origin;
    this.#ignoringOffer = false;
    this.emit('negotiated', undefined);
    await this.#addEarlyCandidates();
  }

  async #handleCandidate({
    candidate,
    sdpMid,
    sdpMLineIndex,
    usernameFragment,
  }: IceCandidate): Promise<void> {
    const init: RTCIceCandidateInit = {
      candidate,
      sdpMid,
      sdpMLineIndex,
      ...(usernameFragment === null ? {} : { usernameFragment }),
    };
    if (this.#connection.remoteDescription) await this.#addCandidate(init);
    else this.#early.push(init);
  }

  #handleRestart(): void {
    if (!this.#begun) this.#offerFirst();
    else if (!this.#sendOffer()) this.#connection.restartIce();
  }

  async #addEarlyCandidates(): Promise<void> {
    for (const candidate of this.#early.splice(0)) await this.#addCandidate(candidate);
  }

  async #addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    try {
      await this.#connection.addIceCandidate(candidate);
    } catch (error) {
      // Those of an ignored offer, or of one that was taken back, belong to no description we know; and the
      // end-of-candidates (RFC 8838 §14) is only a hint, which not every browser takes.
      if (!this.#ignoringOffer && candidate.candidate)
        console.debug('kaigi: a candidate was not taken', error);
    }
  }

  /** Sets a local description and sends it; candidates follow it, never precede it. */
  async #describe(type: 'offer' | 'answer'): Promise<void> {
    const connection = this.#connection;
    this.#held = [];
    try {
      await connection.setLocalDescription();
      if (this.#closed || connection !== this.#connection) return;
      if (type === 'offer') this.#sendOffer();
      else this.#sendAnswer();
    } finally {
      const held = this.#held;
      this.#held = undefined;
      for (const candidate of held) this.emit('signal', { type: 'candidate', ...candidate });
    }
  }

  /** Sends the offer that waits for its answer; once more, it holds the candidates gathered since. */
  #sendOffer(): boolean {
    const description = this.#connection.localDescription;
    if (this.#connection.signalingState !== 'have-local-offer' || description?.type !== 'offer') return false;
    const { currentLocalDescription: local, currentRemoteDescription: remote } = this.#connection;
    this.emit('signal', { type: 'offer', sdp: withKeptRole(description.sdp, local, remote) });
    return true;
  }

  #sendAnswer(): void {
    const description = this.#connection.localDescription;
    if (this.#connection.signalingState === 'stable' && description?.type === 'answer') {
      this.emit('signal', { type: 'answer', sdp: description.sdp });
    }
  }

  #handleLocalCandidate(candidate: RTCIceCandidate | null): void {
    if (candidate && !candidate.candidate) return; // an end per m-line; the one for all follows
    const payload: IceCandidate = {
      candidate: candidate?.candidate ?? '',
      sdpMid: candidate?.sdpMid ?? null,
      sdpMLineIndex: candidate?.sdpMLineIndex ?? null,
      usernameFragment: candidate?.usernameFragment ?? null,
    };
    if (this.#held) this.#held.push(payload);
    else this.emit('signal', { type: 'candidate', ...payload });
  }
}

/**
 * The session id: stays the same as long as the connection that describes itself (RFC 9429 §5.2.1). What stands
 * around it in `o=` does not survive in the browser that was told.
 */
function sessionOf(sdp: string): string {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? '';
}

/** The `o=` line: differs for every description a connection makes (RFC 9429 §5.2.2). */
function originOf(sdp: string): string {
  return /^o=.*$/m.exec(sdp)?.[0] ?? sdp;
}
