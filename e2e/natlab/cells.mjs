// The lab's cells as data: under which conditions two people meet, what happens meanwhile, what is expected, then and
// when a third has come.
//
// - `server`, `ann`, `bob`, `sharedNat`: the network, see topology.mjs and rules.mjs; Bob's NAT is port-restricted
//   like most homes' unless said otherwise.
// - `browsers`: Ann's and Bob's. `flags`: more flags for Chromium.
// - `change`: what happens in the middle of the call (`Topology.changes`).
// - `path`: what the call goes through in the end. `by`: how a relay in use is reached, one of these.
// - `minimumFrames`: decoded in ten seconds, at least, on either side.
// - `three`: how each one's media reaches the server once Cyd has joined, see call.mjs; UDP unless said otherwise.
// - `inTest`: also part of `make test`; `threeInTest`: with Cyd there, too.
export const RECOVERY_SECONDS = 3;

const DEFAULTS = {
  server: { at: 'public', port: 8443, args: [] },
  ann: { nat: 'port-restricted' },
  bob: { nat: 'port-restricted' },
  browsers: ['Chromium', 'Chromium'],
  flags: [],
  minimumFrames: 20,
  three: {},
};

const office = { at: 'office', port: 443 };

export const CELLS = [
  {
    name: 'full cone',
    ann: { nat: 'full cone' },
    bob: { nat: 'full cone' },
    path: 'Direct',
  },
  { name: 'port-restricted', path: 'Direct' },
  { name: 'port-restricted, Firefox', browsers: ['Firefox', 'Chromium'], path: 'Direct' },
  {
    name: 'symmetric with full cone',
    ann: { nat: 'symmetric' },
    bob: { nat: 'full cone' },
    path: 'Direct',
  },
  { name: 'symmetric with port-restricted', ann: { nat: 'symmetric' }, path: 'Relayed', by: ['udp'] },
  {
    name: 'symmetric on both sides',
    ann: { nat: 'symmetric' },
    bob: { nat: 'symmetric' },
    path: 'Relayed',
    by: ['udp'],
    inTest: true,
  },
  {
    name: 'symmetric on both sides, Firefox',
    ann: { nat: 'symmetric' },
    bob: { nat: 'symmetric' },
    browsers: ['Chromium', 'Firefox'],
    path: 'Relayed',
    by: ['udp'],
  },
  { name: 'two behind the same NAT', sharedNat: true, path: 'Direct' },
  {
    name: 'UDP blocked',
    ann: { nat: 'port-restricted', firewall: 'UDP blocked' },
    path: 'Relayed',
    by: ['tcp', 'tls'],
    inTest: true,
    threeInTest: true,
    three: { Ann: 'TCP' },
  },
  {
    name: "only TCP to the server's port, on both sides",
    ann: { nat: 'port-restricted', firewall: "only TCP to the server's port" },
    bob: { nat: 'port-restricted', firewall: "only TCP to the server's port" },
    path: 'Relayed',
    by: ['tcp', 'tls'],
    three: { Ann: 'TCP', Bob: 'TCP' },
  },
  {
    name: "only TCP to the server's port, Firefox",
    ann: { nat: 'symmetric', firewall: "only TCP to the server's port" },
    browsers: ['Firefox', 'Chromium'],
    path: 'Relayed',
    by: ['tcp', 'tls'],
    three: { Ann: 'TCP' },
  },
  {
    name: 'only TLS',
    ann: { nat: 'port-restricted', firewall: 'only TLS' },
    path: 'Relayed',
    by: ['tls'],
    inTest: true,
    threeInTest: true,
    three: { Ann: 'relay by TLS' },
  },
  {
    name: 'only TLS, Firefox',
    ann: { nat: 'port-restricted', firewall: 'only TLS' },
    browsers: ['Firefox', 'Chromium'],
    path: 'Relayed',
    by: ['tls'],
    three: { Ann: 'relay by TLS' },
  },
  {
    name: 'IPv6 only with IPv4 only',
    ann: { ipv6: true },
    path: 'Relayed',
    by: ['udp'],
  },
  {
    name: 'server behind 1:1 NAT',
    server: { at: '1:1' },
    ann: { nat: 'symmetric' },
    bob: { nat: 'symmetric' },
    path: 'Relayed',
    by: ['udp'],
    inTest: true,
  },
  {
    name: 'server behind 1:1 NAT, one side only TCP',
    server: { at: '1:1' },
    ann: { nat: 'port-restricted', firewall: "only TCP to the server's port" },
    path: 'Relayed',
    by: ['tcp', 'tls'],
    three: { Ann: 'TCP' },
  },
  {
    name: 'server behind 1:1 NAT that knows its public address',
    server: { at: '1:1', knowsAddress: true },
    ann: { nat: 'symmetric' },
    bob: { nat: 'symmetric' },
    path: 'Relayed',
    by: ['udp'],
  },
  {
    name: "server in a bridge network, as Docker's",
    server: { at: 'published port' },
    ann: { nat: 'symmetric' },
    bob: { nat: 'symmetric' },
    path: 'Relayed',
    by: ['udp'],
  },
  {
    name: 'server with a private address on port 443',
    server: office,
    path: 'Relayed',
    by: ['udp'],
    three: { Ann: 'relay by UDP', Bob: 'relay by UDP', Cyd: 'relay by UDP' },
  },
  {
    name: 'address changes in the call',
    change: 'new address',
    path: 'Direct',
  },
  {
    name: 'from one network to another in the call',
    ann: { nat: 'port-restricted', otherNetwork: true },
    change: 'other network',
    path: 'Direct',
  },
  {
    name: 'address changes in a relayed call',
    ann: { nat: 'symmetric' },
    bob: { nat: 'symmetric' },
    change: 'new address',
    path: 'Relayed',
    by: ['udp'],
  },
  {
    name: 'UDP cut in the call',
    change: 'UDP cut',
    path: 'Relayed',
    by: ['tcp', 'tls'],
    inTest: true,
    three: { Ann: 'TCP' },
  },
  {
    name: 'UDP cut in the call, Firefox',
    browsers: ['Firefox', 'Chromium'],
    change: 'UDP cut',
    path: 'Relayed',
    by: ['tcp', 'tls'],
    three: { Ann: 'TCP' },
  },
  {
    name: 'UDP cut in a relayed call',
    ann: { nat: 'symmetric' },
    bob: { nat: 'symmetric' },
    change: 'UDP cut',
    path: 'Relayed',
    by: ['tcp', 'tls'],
    three: { Ann: 'TCP' },
  },
  { name: '5 % loss', ann: { nat: 'port-restricted', loss: 5 }, path: 'Direct' },
  { name: '20 % loss', ann: { nat: 'port-restricted', loss: 20 }, path: 'Direct', minimumFrames: 5 },
  {
    name: 'Local Network Access checks, two behind the same NAT',
    sharedNat: true,
    flags: ['--enable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebRTC'],
    // The page may not reach the other's private address unless the user allows it, which nobody does here.
    path: 'Relayed',
  },
  {
    name: 'Local Network Access checks, server with a private address',
    server: office,
    flags: ['--enable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebRTC'],
    path: 'Relayed',
    three: { Ann: 'relay by UDP', Bob: 'relay by UDP', Cyd: 'relay by UDP' },
  },
].map((cell) => ({ ...DEFAULTS, ...cell, server: { ...DEFAULTS.server, ...cell.server } }));
