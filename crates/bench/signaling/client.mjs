// A Socket.IO client that is as little as can be: Engine.IO 4 over WebSocket, one namespace, acknowledgements.
import WebSocket from 'ws';

export class Client {
  /** What came: how many events, and who is told of each. */
  received = 0;
  onEvent = () => undefined;
  #asked = new Map();
  #next = 0;

  /** `number` chooses an address of loopback to come from: servers count connections by that. */
  static async open(url, number) {
    const client = new Client();
    const localAddress = `127.0.${1 + (number % 200)}.${1 + (Math.floor(number / 200) % 250)}`;
    const options = { localAddress, perMessageDeflate: false, rejectUnauthorized: false, skipUTF8Validation: true };
    client.socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, options);
    await new Promise((resolve, reject) => {
      client.socket.on('error', reject);
      client.socket.on('close', () => reject(new Error('closed')));
      client.socket.on('message', (data) => client.#handle(data, resolve));
    });
    return client;
  }

  ask(event, data) {
    this.#next += 1;
    const id = this.#next;
    this.socket.send(`42/meet,${id}${JSON.stringify([event, data])}`);
    return new Promise((resolve) => { this.#asked.set(id, resolve); });
  }

  close() {
    this.socket.removeAllListeners('close');
    this.socket.terminate();
  }

  #handle(data, opened) {
    const text = data.toString('latin1');
    if (text === '2') this.socket.send('3');
    else if (text[0] === '0') this.socket.send('40/meet,');
    else if (text.startsWith('40/meet')) opened();
    else if (text.startsWith('42/meet,')) {
      this.received += 1;
      this.onEvent(text);
    } else if (text.startsWith('43/meet,')) {
      const begin = text.indexOf('[');
      const id = Number(text.slice(8, begin));
      const answered = this.#asked.get(id);
      this.#asked.delete(id);
      answered(JSON.parse(data.subarray(begin).toString())[0]);
    }
  }
}

const media = { mic: false, camera: false, screen: false, screenAudio: false };

export async function join(client, room, name, version) {
  const { ok, error } = await client.ask('join', { version, room, name, media });
  if (error) throw new Error(`${name} is not let in: ${error.code} ${error.message}`);
  return ok;
}
