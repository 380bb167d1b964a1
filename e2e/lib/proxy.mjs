// A TCP path to the server that a test can cut.
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
