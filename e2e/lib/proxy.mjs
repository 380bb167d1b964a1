// A TCP path to the server that a test can cut.
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';

export class Proxy {
  static async start(target) {
    const proxy = new Proxy();
    proxy.sockets = new Set();
    proxy.open = true;
    proxy.listener = net.createServer((client) => {
      if (!proxy.open) return client.destroy();
      const server = net.connect(target, '127.0.0.1');
      for (const [from, to] of [[client, server], [server, client]]) {
        proxy.sockets.add(from);
        from.on('close', () => {
          proxy.sockets.delete(from);
          to.destroy();
        });
        from.on('error', () => {});
        from.pipe(to);
      }
    });
    proxy.listener.listen(0, '127.0.0.1');
    await once(proxy.listener, 'listening');
    proxy.url = `https://localhost:${proxy.listener.address().port}`;
    return proxy;
  }

  /** Cuts every connection and, until `mend`, refuses new ones. */
  cut() {
    this.open = false;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.open = true;
  }

  stop() {
    this.cut();
    this.listener.close();
  }
}

/** A way to the server that carries TCP, and swallows UDP as a firewall does: without a word. */
export async function tcpOnly(target) {
  const proxy = await Proxy.start(target);
  const port = Number(new URL(proxy.url).port);
  const holes = await Promise.all([['udp4', '127.0.0.1'], ['udp6', '::1']].map(async ([type, address]) => {
    const hole = dgram.createSocket(type).bind(port, address);
    await once(hole, 'listening');
    return hole;
  }));
  return {
    url: proxy.url,
    port,
    stop() {
      proxy.stop();
      for (const hole of holes) hole.close();
    },
  };
}
