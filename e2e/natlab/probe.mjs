// Finds out what a NAT does, as RFC 5780 does it, with a reflector that has two ports.
//   node probe.mjs reflect ADDRESS        answers, and prints its ports
//   node probe.mjs classify ADDRESS P Q   prints mapping and filtering of what lies between
import dgram from 'node:dgram';
import { once } from 'node:events';

const PATIENCE_MS = 400;

async function reflect(address) {
  const sockets = [dgram.createSocket('udp4'), dgram.createSocket('udp4'), dgram.createSocket('udp4')];
  for (const [index, socket] of sockets.entries()) {
    socket.bind(0, address);
    await once(socket, 'listening');
    socket.on('message', (message, { address: from, port }) => {
      // “other”: an answer from where the client has never sent to.
      const answerer = `${message}` === 'other' ? sockets[2] : socket;
      answerer.send(JSON.stringify({ from, port, index }), port, from);
    });
  }
  console.log(sockets.slice(0, 2).map((socket) => socket.address().port).join(' '));
}

async function classify(address, ports) {
  const socket = dgram.createSocket('udp4').bind(0);
  await once(socket, 'listening');
  const ask = async (text, port) => {
    socket.send(text, Number(port), address);
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    const answer = await once(socket, 'message', { signal: timeout }).catch(() => undefined);
    return answer && JSON.parse(answer[0]);
  };
  const mapped = [await ask('same', ports[0]), await ask('same', ports[1])];
  const unasked = await ask('other', ports[0]);
  const open = mapped.every(Boolean);
  console.log(JSON.stringify(open ? {
    mapping: mapped[0].port === mapped[1].port ? 'endpoint-independent' : 'address- and port-dependent',
    filtering: unasked ? 'endpoint-independent' : 'address- and port-dependent',
  } : { mapping: 'none', filtering: 'none' }));
  socket.close();
}

const [what, address, ...ports] = process.argv.slice(2);
await { reflect, classify }[what](address, ports);
