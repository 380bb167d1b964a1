/** What is tested, in the order in which it is shown, and what is found out by it. */
export interface TestFindings {
  page: PageFindings;
  devices: DeviceFindings;
  websocket: SignalingFindings;
  polling: SignalingFindings;
  stun: StunFindings;
  'turn-udp': TurnFindings;
  'turn-tcp': TurnFindings;
  'turn-tls': TurnFindings;
  'relay-udp': RelayFindings;
  'relay-tcp': RelayFindings;
  'relay-tls': RelayFindings;
}

export type TestStepId = keyof TestFindings;

/** How a relay is reached. */
export type RelayTransport = 'udp' | 'tcp' | 'tls';

export interface PageFindings {
  /** The page may use microphone and camera (W3C Secure Contexts). */
  secure: boolean;
  /** No page is told; it shows when TURN over TLS is tested, where nobody can click a warning away. */
  certificate: 'trusted' | 'not-trusted' | 'unknown';
}

/** What is there and may be used, without asking for it. */
export interface DeviceFindings {
  microphones: number;
  cameras: number;
  microphoneAccess: PermissionState | 'unknown';
  cameraAccess: PermissionState | 'unknown';
}

export interface SignalingFindings {
  /** From nothing to a connection that carries requests. */
  openMs: number;
  /** A request and its answer. */
  roundTripMs: number;
}

export interface StunFindings {
  /** Our addresses as the server sees them; empty where they are the device's own. */
  addresses: readonly string[];
}

export interface TurnFindings {
  /** Addresses (with port) that the server relays for us at. */
  relays: readonly string[];
  /** From nothing to the first of them. */
  milliseconds: number;
}

/** Between two peer connections of this page, each through a relay of the server. */
export interface RelayFindings {
  /** Median time of a packet to the server and back. */
  roundTripMs: number;
  /** By how much the slowest twentieth of the packets took longer than that. */
  jitterMs: number;
  /** Share of packets that did not arrive while as many were sent as a call needs. */
  loss: number;
  /** Bits per second that arrived when as many were sent as would go. */
  bitrate: number;
  /** More would have gone: the test sends no faster. */
  bitrateCapped: boolean;
}

/** Why a step is not `ok`. */
export type TestProblem =
  | 'insecure-page'
  | 'no-webrtc'
  /** The page was opened past a warning about the server's certificate. */
  | 'certificate-not-trusted'
  | 'no-devices'
  | 'no-microphone'
  | 'no-camera'
  | 'devices-denied'
  | 'server-unreachable'
  /** The server answered first, and then no more. */
  | 'server-gone'
  | 'websocket-blocked'
  /** A WebSocket was opened, and cut a moment later. */
  | 'websocket-cut'
  | 'polling-blocked'
  | 'udp-blocked'
  /** The browser itself (a policy, an extension) lets no page use UDP. */
  | 'udp-forbidden'
  /** The browser looks for no way at all, as where it is told to use a proxy only and has none. */
  | 'webrtc-forbidden'
  /** STUN passes, TURN beside it on the same port does not. */
  | 'turn-blocked'
  | 'tcp-blocked'
  | 'tls-blocked'
  /** TURN over TLS fails where TURN over TCP works: only the certificate differs. */
  | 'tls-not-trusted'
  /** TLS ends at a reverse proxy, which does not carry TURN. */
  | 'tls-at-proxy'
  | 'turn-refused'
  | 'cookies-blocked'
  | 'too-many-tests'
  | 'no-credential'
  /** The relay gave an address, but nothing passes through it. */
  | 'relay-silent'
  /** Packets passed, and then no more. */
  | 'interrupted'
  | 'lossy'
  | 'slow'
  | 'delayed'
  /** The page was held up so much that the figures tell of the device, not of the network. */
  | 'device-busy'
  | 'out-of-time'
  | 'stopped';

export type TestStepState = 'waiting' | 'running' | 'ok' | 'warning' | 'failed' | 'skipped';

/** One thing that is tested. */
export type TestStep<Id extends TestStepId = TestStepId> = Id extends TestStepId
  ? {
      readonly id: Id;
      readonly state: TestStepState;
      /** 0..1, by the time that it may take. */
      readonly progress: number;
      readonly problem?: TestProblem;
      readonly findings?: TestFindings[Id];
    }
  : never;

/** The whole test in a word. */
export type TestVerdict =
  /** Calls work, over UDP: directly, or through the server. */
  | 'udp'
  /** UDP passes, but the server relays nothing: calls work where a direct path exists. */
  | 'direct-only'
  /** Calls work through the server, over TCP. */
  | 'tcp'
  /** Calls work through the server, over TLS and nothing else. */
  | 'tls'
  /** Calls connect, but the best way for them is slow or loses much. */
  | 'poor'
  /** The server is reached, but there is no way for picture and sound. */
  | 'none'
  /** The browser could hold a call, but something forbids it. */
  | 'forbidden'
  /** This browser, or this page, cannot hold a call. */
  | 'unsupported'
  | 'server-unreachable'
  | 'server-gone'
  /** Picture and sound could not be tested. */
  | 'untested'
  | 'stopped';

/** What would help, and whom to ask for it: the network's administrator … */
export type TestAdvice =
  | 'open-udp'
  | 'allow-tcp'
  | 'exempt-tls'
  | 'allow-websocket'
  /** … whoever runs the server … */
  | 'trusted-certificate'
  /** … or whoever sets up this browser. */
  | 'allow-udp-in-browser';

/** All that is known so far. A new object whenever anything changes. */
export interface ConnectionTestReport {
  /** Where media must get to: the server, as the page knows it, and its one port. */
  readonly host: string;
  readonly port: number;
  readonly steps: readonly TestStep[];
  /** 0..1 */
  readonly progress: number;
  /** Present when the test is over. */
  readonly verdict?: TestVerdict;
  readonly advice: readonly TestAdvice[];
}

export interface ConnectionTestOptions {
  /** Ends the test; what is known by then is reported. */
  signal?: AbortSignal;
}
