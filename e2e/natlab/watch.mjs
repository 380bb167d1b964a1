/**
 * Runs in the page before anything else: notes when frames of the other person are decoded and through what the
 * media goes, for the lab to ask in `window.lab`.
 */
export function watch() {
  const peers = [];
  const counts = new WeakMap();
  /** Moments (Unix milliseconds) at which more frames had been decoded than before, and how many more. */
  const frames = [];
  /** What happened when, for a failure's report. */
  const events = [];
  const note = (text) => events.push([Date.now(), text]);

  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(...args) {
      super(...args);
      const number = peers.push(this);
      for (const state of ['connectionState', 'iceConnectionState', 'iceGatheringState', 'signalingState']) {
        this.addEventListener(state.toLowerCase() + 'change', () => note(`connection ${number}: ${state} ${this[state]}`));
      }
      this.addEventListener('icecandidate', ({ candidate }) => note(`connection ${number}: ${candidate?.candidate || 'end of candidates'}`));
      this.addEventListener('icecandidateerror', ({ errorCode, errorText, url }) => note(`connection ${number}: ${url} ${errorCode} ${errorText}`));
    }

    restartIce() {
      note('ICE restart');
      super.restartIce();
    }
  };
  window.WebSocket = class extends window.WebSocket {
    constructor(...args) {
      super(...args);
      for (const event of ['open', 'error', 'close']) this.addEventListener(event, () => note(`WebSocket ${event}`));
    }
  };
  for (const event of ['online', 'offline']) window.addEventListener(event, () => note(`the browser is ${event}`));
  navigator.connection?.addEventListener('change', () => note(`navigator.connection: ${navigator.connection.type}`));

  async function count(peer) {
    let decoded = 0;
    for (const report of (await peer.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'video') decoded += report.framesDecoded ?? 0;
    }
    const before = counts.get(peer) ?? 0;
    if (decoded > before) frames.push([Date.now(), decoded - before]);
    counts.set(peer, decoded);
  }

  async function poll() {
    const open = peers.filter(({ connectionState }) => connectionState !== 'closed');
    await Promise.allSettled(open.map(count));
    setTimeout(poll, 50);
  }
  poll();

  /** The candidate pair in use (Firefox marks it `selected`, others name it in the transport's report). */
  async function path() {
    const peer = peers.findLast(({ connectionState }) => connectionState === 'connected');
    if (!peer) return undefined;
    const reports = [...(await peer.getStats()).values()];
    const byId = (id) => reports.find((report) => report.id === id);
    const transport = reports.find(({ type }) => type === 'transport');
    const pair = byId(transport?.selectedCandidatePairId)
      ?? reports.find(({ type, selected }) => type === 'candidate-pair' && selected);
    if (!pair) return undefined;
    const [local, remote] = [byId(pair.localCandidateId), byId(pair.remoteCandidateId)];
    return {
      local: local.candidateType, remote: remote.candidateType,
      // How our own relay is reached, when it is ours that is used.
      relayProtocol: local.candidateType === 'relay' ? local.relayProtocol : undefined,
      protocol: local.protocol,
      addresses: `${local.candidateType} ${local.address}:${local.port} → ${remote.candidateType} ${remote.address}:${remote.port}`,
    };
  }

  /** For a failure's report: every pair that was tried. */
  async function pairs() {
    const lines = [];
    for (const peer of peers) {
      const reports = [...(await peer.getStats()).values()];
      const shown = ({ candidateType, address, port, protocol, relayProtocol } = {}) =>
        `${candidateType} ${address}:${port} ${protocol}${relayProtocol ? ` by ${relayProtocol}` : ''}`;
      lines.push(`connection ${peer.connectionState}, ICE ${peer.iceConnectionState}, gathering ${peer.iceGatheringState}`);
      for (const pair of reports.filter(({ type }) => type === 'candidate-pair')) {
        const [local, remote] = [pair.localCandidateId, pair.remoteCandidateId].map((id) => reports.find((report) => report.id === id));
        lines.push(`  ${pair.state}${pair.nominated ? ' nominated' : ''}: ${shown(local)} → ${shown(remote)}, `
          + `${pair.requestsSent} requests, ${pair.responsesReceived} responses`);
      }
      for (const local of reports.filter(({ type }) => type === 'local-candidate')) lines.push(`  local ${shown(local)}`);
      for (const remote of reports.filter(({ type }) => type === 'remote-candidate')) lines.push(`  remote ${shown(remote)}`);
    }
    return lines.join('\n');
  }

  /** How many frames the tile of each has shown. */
  const shown = {};
  const watched = new WeakSet();
  function watchTiles() {
    for (const video of document.querySelectorAll('[role=group] video')) {
      if (watched.has(video)) continue;
      watched.add(video);
      const name = video.closest('[role=group]').getAttribute('aria-label');
      const count = () => {
        shown[name] = (shown[name] ?? 0) + 1;
        video.requestVideoFrameCallback(count);
      };
      video.requestVideoFrameCallback(count);
    }
    setTimeout(watchTiles, 50);
  }
  watchTiles();

  /** What the connection in use has received. */
  async function inbound() {
    const peer = peers.findLast(({ connectionState }) => connectionState === 'connected');
    return [...(await peer?.getStats() ?? new Map()).values()].filter(({ type }) => type === 'inbound-rtp');
  }

  window.lab = { frames, events, path, pairs, inbound, shown };
}
