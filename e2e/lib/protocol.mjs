// Reads the examples of docs/protocol.md, and compares what they say with what a server says. How examples
// are written is explained in the document ("How to read the examples").

/** Names of the steps, by what stands after `//`. */
const STEPS = [
  ['connects', /^(?<who>.+?) connects(?: to (?<namespace>\/\S*))?(?<old> with Socket\.IO 2)?$/],
  ['breaks', /^(?<who>.+)'s connection breaks$/],
  ['disconnected', /^the server disconnects (?<who>.+)$/],
  ['request', /^(?<who>.+?) → (?<event>.+?)(?: × (?<times>\d+))?(?<silent>, no acknowledgement)?$/],
  ['answer', /^(?<last>last )?answer$/],
  ['event', /^(?<who>.+?) ← (?<event>.+?)(?<each>, one per address)?(?:, after (?<after>\d+) seconds)?$/],
  ['form', /^form$/],
  ['stop', /^the server is told to stop$/],
  ['restart', /^the server has started again$/],
];

const HTTP_RESPONSE = /^HTTP\/1\.1 (?<status>\d{3}) (?<reason>.+)$/;

/** An error that names the line of the document. */
export function located(line, error) {
  return new Error(`docs/protocol.md:${line}: ${error.message}`, { cause: error });
}

/**
 * The document's scenarios: each begins with a block that starts a server and holds the steps up to the next
 * such block.
 */
export function parse(markdown) {
  const scenarios = [];
  let config;
  for (const { language, line, lines } of fences(markdown)) {
    const scenario = scenarios.at(-1);
    const readers = { jsonc: conversation, http: exchange };
    if (language === 'toml') {
      config = lines.join('\n');
    } else if (language === 'sh') {
      const [command, ...rest] = lines;
      const serve = /^kaigi serve *(.*)$/.exec(command);
      if (!serve || rest.length) throw located(line, new Error('not `kaigi serve …` in one line'));
      scenarios.push({ line, command, args: serve[1].split(/\s+/).filter(Boolean), config, steps: [] });
      config = undefined;
    } else if (!readers[language]) {
      throw located(line, new Error(`an example that nothing executes: ${language || 'a block without language'}`));
    } else if (!scenario) {
      throw located(line, new Error('an example before any `kaigi serve`'));
    } else {
      scenario.steps.push(...readers[language](lines, line + 1));
    }
  }
  return scenarios;
}

function* fences(markdown) {
  let open;
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(text);
    if (open && text === '```') {
      yield open;
      open = undefined;
    } else if (open) {
      open.lines.push(text);
    } else if (fence) {
      open = { language: fence[1].trim(), line: index + 1, lines: [] };
    }
  }
  if (open) throw located(open.line, new Error('a block without end'));
}

/** The steps of a `jsonc` block: a `//` line each, with the JSON below it. */
function conversation(lines, first) {
  const steps = [];
  for (const [index, text] of lines.entries()) {
    const line = first + index;
    if (text.startsWith('//')) steps.push({ ...readStep(text.slice(2).trim(), line), line, json: '' });
    else if (steps.length) steps.at(-1).json += `${text}\n`;
    else if (text.trim()) throw located(line, new Error('JSON before any `//` line'));
  }
  const isForm = steps[0]?.kind === 'form';
  return steps.filter(({ kind }) => kind !== 'form').map(({ json, ...step }) => {
    if (isForm) step = { ...step, kind: 'shown', shown: step.kind };
    try {
      return { ...step, data: json.trim() ? expanded(JSON.parse(json)) : undefined };
    } catch (error) {
      throw located(step.line, error);
    }
  });
}

function readStep(text, line) {
  for (const [kind, pattern] of STEPS) {
    const found = pattern.exec(text);
    if (!found) continue;
    const { times, after, last, silent, each, old, ...rest } = found.groups ?? {};
    return {
      kind, ...rest, times: Number(times ?? 1), after: Number(after ?? 0),
      last: Boolean(last), silent: Boolean(silent), each: Boolean(each), old: Boolean(old),
    };
  }
  throw located(line, new Error(`not a step: ${text}`));
}

/** The least an offer can be: one track of sound, of a peer that never speaks. */
const OFFER = [
  'v=0', 'o=- 4611731400430051336 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'c=IN IP4 0.0.0.0', 'a=rtcp-mux', 'a=ice-ufrag:YkEx',
  'a=ice-pwd:p7w2qJ0mB5vXe1sZc4nTr8uL', `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`,
  'a=setup:actpass', 'a=mid:0', 'a=sendonly', 'a=rtpmap:111 opus/48000/2', 'a=msid:- mic', '',
].join('\r\n');

/** What every answer of the server holds. */
const ANSWER = [/^v=0\r\n/, /^a=ice-lite\r$/m, /^a=setup:passive\r$/m, /^a=candidate:\d+ 1 udp \d+ \S+ \d+ typ host/m,
  /^a=candidate:\d+ 1 tcp \d+ \S+ \d+ typ host tcptype passive/m];

/** `"… 8193 bytes …"` stands for that many letters, `"… an offer …"` for a session description. */
function expanded(value) {
  const long = typeof value === 'string' && /^… (\d+) bytes …$/.exec(value);
  if (long) return 'x'.repeat(Number(long[1]));
  if (value === '… an offer …') return OFFER;
  return mapped(value, (item) => expanded(item));
}

function mapped(value, change) {
  if (Array.isArray(value)) return value.map((item, index) => change(item, index));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item, key)]));
}

/** The one step of an `http` block: a request and its response as HTTP/1.1 shows them (RFC 9112). */
function exchange(lines, line) {
  const border = lines.findIndex((text) => HTTP_RESPONSE.test(text));
  if (border < 0) throw located(line, new Error('a request without response'));
  const [method, path] = lines[0].split(' ');
  const { status, reason } = HTTP_RESPONSE.exec(lines[border]).groups;
  return [{
    kind: 'http', line, method, path, ...message(lines.slice(1, border)),
    response: { status: Number(status), reason, ...message(lines.slice(border + 1)) },
  }];
}

function message(lines) {
  const blank = [...lines, ''].indexOf('');
  const headers = lines.slice(0, blank).map((text) => {
    const [name, ...value] = text.split(': ');
    return [name.toLowerCase(), value.join(': ')];
  });
  return { headers: Object.fromEntries(headers), body: lines.slice(blank + 1).join('\n').trim() };
}

/** Values that differ from run to run. */
const KINDS = {
  participant: /^[\w-]{16}$/,
  token: /^[\w-]+\.[\w-]{43}$/,
  // A JSON Web Token (RFC 7519) signed with HS256.
  jwt: /^eyJ[\w-]+\.[\w-]+\.[\w-]{43}$/,
  cookie: /^[\w-]+\.[\w-]{43}$/,
  sid: /^[\w-]{16}$/,
  version: /^\d+\.\d+\.\d+$/,
  // Milliseconds since the Unix epoch, or a number that starts there.
  time: 'moment',
  entry: 'moment',
  // Who waits has a small number.
  waiter: /^\d+$/,
};

/** What is told of our own TURN, and of a token's end: another in each second or run, so that its form is all that can be compared. */
const TURN = { username: /^\d{10}:[\w-]{16}$/, credential: /^[\w+/]{27}=$/, port: /^\d+$/, expiresAt: /^\d{13}$/ };

/** Is this one of them, not a foreign server's that the example's operator wrote down? */
function isTurn(key, shown) {
  return key === 'credential' ? /^\w+….+=$/.test(shown) : Object.hasOwn(TURN, key) && TURN[key].test(shown);
}

/** Which kind of such value stands under a key, if any. An array's items have the key `name/index`. */
function kindOf(key, value) {
  if (key === 'id' && typeof value === 'number') return value < 1e9 ? 'waiter' : 'entry';
  if (key === 'id') return 'participant';
  if (key === 'token' && typeof value === 'string' && /^eyJ\w+\.eyJ/.test(value)) return 'jwt';
  if (key === 'participant') return typeof value === 'string' ? 'participant' : undefined;
  const kinds = {
    from: 'participant', to: 'participant', by: 'participant', at: 'time', joinedAt: 'time',  hand: 'time', edited: 'time',
    replyTo: 'entry', poll: 'entry', resumeToken: 'token', token: 'token',
    serverVersion: 'version', sid: 'sid', 'created/1': 'sid', 'joined/1': 'sid',
  };
  return Object.hasOwn(kinds, key) ? kinds[key] : undefined;
}

/**
 * What the document's ids, tokens and times stand for. Each is bound to the real value where it first comes
 * from the server; from then on one always means the other. Later moments have larger numbers in both.
 */
export class Bindings {
  #started = Date.now();
  #kinds = new Map(Object.keys(KINDS).map((kind) => [kind, { real: new Map(), shown: new Map() }]));

  /** Compares, and binds what is new. */
  match(shown, real, key = '', path = key) {
    const kind = typeof shown === typeof real && kindOf(key, shown);
    if (kind) return this.bind(kind, shown, real, path);
    if (isTurn(key, shown)) {
      if (!TURN[key].test(real)) throw new Error(`${path}: ${brief(real)} has not the form of ${brief(shown)}`);
      return;
    }
    if (key === 'sdp' && shown === '… an answer …') {
      const lost = ANSWER.filter((line) => !line.test(real));
      if (lost.length) throw new Error(`${path}: the answer has nothing like ${lost.join(', ')}; it is\n${real}`);
      return;
    }
    const differs = () => new Error(`${path}: the document shows ${brief(shown)}, the server says ${brief(real)}`);
    if (shown === null || typeof shown !== 'object') {
      if (shown !== real) throw differs();
      return;
    }
    if (real === null || typeof real !== 'object' || Array.isArray(shown) !== Array.isArray(real)) throw differs();
    const only = (a, b) => Object.keys(a).filter((name) => !Object.hasOwn(b, name));
    const [surplus, missing] = [only(shown, real), only(real, shown)];
    if (surplus.length) throw new Error(`${path}: the document shows [${surplus}], which the server does not send`);
    if (missing.length) throw new Error(`${path}: the server sends [${missing}], which the document does not show`);
    for (const name of Object.keys(shown)) {
      const within = Array.isArray(shown) ? `${key}/${name}` : name;
      this.match(shown[name], real[name], within, `${path}.${name}`);
    }
  }

  bind(kind, shown, real, path) {
    const known = this.#kinds.get(kind);
    if (known.real.has(shown)) {
      if (known.real.get(shown) === real) return;
      throw new Error(`${path}: ${brief(shown)} stood for ${brief(known.real.get(shown))}, here it is ${brief(real)}`);
    }
    if (known.shown.has(real)) {
      throw new Error(`${path}: ${brief(shown)} is what the document called ${brief(known.shown.get(real))} before`);
    }
    this.#checkShape(kind, shown, real, path);
    known.real.set(shown, real);
    known.shown.set(real, shown);
  }

  #checkShape(kind, shown, real, path) {
    if (KINDS[kind] !== 'moment') {
      if (!KINDS[kind].test(real)) throw new Error(`${path}: ${brief(real)} does not look like a ${kind}`);
      return;
    }
    // A moment's number may run ahead of the clock by the lines that were written within it.
    if (!Number.isInteger(real) || real < this.#started - 1000 || real > Date.now() + 1000) {
      throw new Error(`${path}: ${real} is not the present in milliseconds`);
    }
    for (const [otherShown, otherReal] of this.#kinds.get(kind).real) {
      if (shown < otherShown !== real < otherReal) {
        throw new Error(`${path}: ${shown} and ${otherShown} are in another order than ${real} and ${otherReal}`);
      }
    }
  }

  /** What to send: real values for those the document shows, the document's own for what was invented. */
  filled(value, key = '') {
    const kind = kindOf(key, value);
    if (kind) return this.#kinds.get(kind).real.get(value) ?? value;
    if (typeof value === 'string') return this.filledText(value);
    return mapped(value, (item, name) => this.filled(item, Array.isArray(value) ? `${key}/${name}` : name));
  }

  /** The same inside of URLs, headers and frames. */
  filledText(text) {
    for (const kind of ['cookie', 'sid']) {
      for (const [shown, real] of this.#kinds.get(kind).real) text = text.replaceAll(shown, real);
    }
    return text;
  }

  matchResponse(shown, real) {
    this.match(shown.status, real.status, 'status');
    const told = ['content-type', 'cache-control', 'set-cookie', 'location'].filter((name) => real.headers[name]);
    for (const name of new Set([...told, ...Object.keys(shown.headers)])) {
      const [ours, theirs] = [shown.headers[name] ?? '', [real.headers[name] ?? ''].flat().join(', ')];
      const cookie = /(?<=^kaigi_session=)[^;]+/;
      const [shownCookie, realCookie] = [ours.match(cookie)?.[0], theirs.match(cookie)?.[0]];
      if (name === 'set-cookie' && shownCookie && realCookie) this.bind('cookie', shownCookie, realCookie, name);
      this.match(this.filledText(ours), theirs, name);
    }
    this.#matchBody(shown.body, real.body.trim());
  }

  #matchBody(shown, real) {
    if (shown.split('\n').includes('…')) {
      const lines = new Set(real.split('\n'));
      const lost = shown.split('\n').filter((line) => line !== '…' && !lines.has(line));
      if (lost.length) throw new Error(`the body does not hold ${brief(lost)}; it is\n${real}`);
      return;
    }
    const [ours, theirs] = [split(shown), split(real)];
    this.match(ours.prefix, theirs.prefix, 'body');
    this.match(ours.json, theirs.json, 'body');
  }
}

/** A body is text, JSON, or an Engine.IO packet: digits, a namespace, then JSON. */
function split(body) {
  const start = body.search(/[[{]/);
  try {
    if (start >= 0) return { prefix: body.slice(0, start), json: JSON.parse(body.slice(start)) };
  } catch {
    // text, then
  }
  return { prefix: body, json: null };
}

export function brief(value) {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
}
