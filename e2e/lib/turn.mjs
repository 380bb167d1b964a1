// A TURN client (RFC 8656 over UDP and TCP, IPv4, channels), for tests that look at every payload and choose every
// moment. What it shares with the server is the RFC and nothing else.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { until } from './server.mjs';

const [ALLOCATE, REFRESH, CHANNEL_BIND] = [3, 4, 9];
const [USERNAME, INTEGRITY, ERROR, CHANNEL, LIFETIME, PEER] = [0x06, 0x08, 0x09, 0x0c, 0x0d, 0x12];
const [REALM, NONCE, RELAYED, TRANSPORT] = [0x14, 0x15, 0x16, 0x19];
const UDP = Buffer.from([17, 0, 0, 0]);

/** An Allocate as every client sends it first: without credentials. */
export const allocateRequest = () => message(ALLOCATE, randomBytes(12), [[TRANSPORT, UDP]]);

export class TurnClient {
  #key;
  #answers = new Map();
  #given = [];

  /** Connects to a server on 127.0.0.1 and allocates. */
  static async allocate(port, { name, password, transport = 'udp' }) {
    const client = new TurnClient();
    client.name = name;
    client.onData = () => {};
    if (transport === 'udp') await client.#openUdp(port);
    else await client.#openTcp(port);
    const challenge = await client.#exchange(ALLOCATE, [[TRANSPORT, UDP]]);
    client.#given = [[USERNAME, Buffer.from(name)], ...[REALM, NONCE].map((kind) => [kind, challenge.attributes.get(kind)])];
    const realm = challenge.attributes.get(REALM);
    client.#key = createHash('md5').update(`${name}:${realm}:${password}`).digest();
    // The address stays as it came: in IPv4, XOR-PEER-ADDRESS is made of the same bytes.
    client.relayed = (await client.request(ALLOCATE, [[TRANSPORT, UDP]])).get(RELAYED);
    return client;
  }

  /** Channel 0x4000 to another client's relay. */
  async bind(peer) {
    await this.request(CHANNEL_BIND, [[CHANNEL, Buffer.from([0x40, 0, 0, 0])], [PEER, peer.relayed]]);
  }

  /** Ends the allocation and the connection to the server. */
  async release() {
    await this.request(REFRESH, [[LIFETIME, Buffer.alloc(4)]]);
    this.close();
  }

  /** Sends a payload through the channel; its length has to be a multiple of 4. */
  send(payload) {
    const head = Buffer.from([0x40, 0, payload.length >> 8, payload.length & 255]);
    this.write(Buffer.concat([head, payload]));
  }

  /** An authenticated request; its answer's attributes, or an error with the server's code. */
  async request(method, attributes) {
    const answer = await this.#exchange(method, attributes);
    const error = answer.attributes.get(ERROR);
    if (error) throw new Error(`method ${method} was refused with ${error[2] * 100 + error[3]}`);
    return answer.attributes;
  }

  /** Sends a request until it is answered. */
  async #exchange(method, attributes) {
    const transaction = randomBytes(12);
    const id = transaction.toString('hex');
    const request = message(method, transaction, [...attributes, ...this.#given], this.#key);
    const answered = new Promise((resolve) => this.#answers.set(id, resolve));
    this.write(request);
    const again = this.datagrams ? setInterval(() => this.write(request), 500) : undefined;
    const deadline = AbortSignal.timeout(10_000);
    try {
      return await Promise.race([answered, once(deadline, 'abort').then(() => {
        throw new Error(`method ${method} was not answered in 10 s`);
      })]);
    } finally {
      clearInterval(again);
      this.#answers.delete(id);
    }
  }

  async #openUdp(port) {
    this.datagrams = true;
    const socket = dgram.createSocket('udp4');
    socket.on('message', (packet) => this.#take(packet));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    this.write = (packet) => socket.send(packet, port, '127.0.0.1');
    this.close = () => socket.close();
  }

  async #openTcp(port) {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    socket.on('error', () => {});
    let rest = Buffer.alloc(0);
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= 4) {
        // RFC 8656 §12.5: on a stream ChannelData is padded to a multiple of four.
        const length = rest.readUInt16BE(2);
        const whole = rest[0] < 0x40 ? 20 + length : 4 + Math.ceil(length / 4) * 4;
        if (rest.length < whole) break;
        this.#take(rest.subarray(0, whole));
        rest = rest.subarray(whole);
      }
    });
    this.write = (packet) => socket.write(packet);
    this.close = () => socket.destroy();
  }

  #take(packet) {
    if (packet[0] >= 0x40) {
      this.onData(packet.subarray(4, 4 + packet.readUInt16BE(2)));
      return;
    }
    const attributes = new Map();
    for (let at = 20; at + 4 <= packet.length;) {
      const length = packet.readUInt16BE(at + 2);
      attributes.set(packet.readUInt16BE(at), packet.subarray(at + 4, at + 4 + length));
      at += 4 + Math.ceil(length / 4) * 4;
    }
    this.#answers.get(packet.subarray(8, 20).toString('hex'))?.({ attributes });
  }
}

/** Numbered payloads at a steady pace, from one client through two relays to another, each looked at. */
export class Flow {
  #sent = 0;
  #arrived = new Set();
  #broken = 0;

  static async start(port, credentials, milliseconds = 5) {
    const flow = new Flow();
    flow.clients = [await TurnClient.allocate(port, credentials), await TurnClient.allocate(port, credentials)];
    const [from, to] = flow.clients;
    await from.bind(to);
    await to.bind(from);
    to.onData = (data) => {
      const number = data.readUInt32BE();
      if (data.equals(Flow.#payload(number))) flow.#arrived.add(number);
      else flow.#broken += 1;
    };
    flow.timer = setInterval(() => from.send(Flow.#payload((flow.#sent += 1))), milliseconds);
    return flow;
  }

  /** Stops and tells how many were sent, lost and changed on the way. */
  async stop() {
    clearInterval(this.timer);
    const all = () => this.#arrived.size + this.#broken >= this.#sent;
    await until('all payloads arrive', all, 3_000).catch(() => {});
    for (const client of this.clients) await client.release();
    return { sent: this.#sent, lost: this.#sent - this.#arrived.size, broken: this.#broken };
  }

  static #payload(number) {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(number);
    const body = createHash('sha512').update(head).digest();
    return Buffer.concat([head, body, body, body, body]);
  }
}

/** A STUN message (RFC 8489 §5), with MESSAGE-INTEGRITY (§14.5) where there is a key. */
function message(method, transaction, attributes, key) {
  const encoded = attributes.map(([kind, value]) => {
    const attribute = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
    attribute.writeUInt16BE(kind);
    attribute.writeUInt16BE(value.length, 2);
    value.copy(attribute, 4);
    return attribute;
  });
  const body = Buffer.concat(encoded);
  const header = Buffer.alloc(20);
  header.writeUInt16BE(method);
  header.writeUInt16BE(body.length + (key ? 24 : 0), 2);
  header.writeUInt32BE(0x2112a442, 4);
  transaction.copy(header, 8);
  if (!key) return Buffer.concat([header, body]);
  const proof = createHmac('sha1', key).update(header).update(body).digest();
  return Buffer.concat([header, body, Buffer.from([0, INTEGRITY, 0, 20]), proof]);
}
