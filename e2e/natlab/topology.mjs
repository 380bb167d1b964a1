// Builds a cell's network: an internet, the server, Ann and Bob behind routers of theirs, and Cyd without one.
import { Namespace } from './namespaces.mjs';
import { CUT_ALL, CUT_UDP, MENDED, routerRules } from './rules.mjs';

/** What the server is called in the lab. */
export const HOST = 'meet.kaigi.test';

// Addresses of the real internet, because the relay refuses those that are set aside for documentation. Nothing
// of it leaves the namespaces: no interface of theirs leads outside.
const INTERNET = { ipv4: '5.5.5', ipv6: '2a00:5:5' };
/** Numbers of machines in it, and of the networks behind them. */
const [GATEWAY, SERVER, ANN, BOB, OTHER, CYD] = [1, 10, 21, 22, 23, 24];
const FORWARDING = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
export const PUBLIC_ADDRESS = `${INTERNET.ipv4}.${SERVER}`;

/**
 * - `server.at`: `public` (an address of its own, IPv6 as well), `1:1`, `published port`, or `office` (a private
 *   network without internet, in which Ann, Bob and Cyd have networks of their own).
 * - `ann`, `bob`: `nat`, `firewall`, `loss` of their router; `ipv6: true` for nothing else;
 *   `otherNetwork` for a second interface to move to.
 * - `sharedNat`: Bob is in Ann's network.
 */
export class Topology {
  #namespaces = [];
  #spaces = {};
  #office;
  #hosts;
  #port;

  constructor({ server, ann, bob, sharedNat = false }) {
    const { at, port } = server;
    this.#port = port;
    this.#office = at === 'office';
    const address = this.#office ? lan(SERVER).machine : PUBLIC_ADDRESS;
    this.address = address;
    this.#hosts = { [HOST]: at === 'public' ? [address, wan(SERVER).ipv6] : [address] };
    try {
      if (this.#office) this.#buildOffice();
      else this.#buildInternet(at, ann, bob, sharedNat);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  get server() {
    return this.#spaces.server;
  }

  get ann() {
    return this.#spaces.ann;
  }

  get bob() {
    return this.#spaces.bob;
  }

  /** The third, with public addresses (in the office with a private one). */
  get cyd() {
    return this.#spaces.cyd;
  }

  /** What goes to Ann goes at this rate from now on (tc-tbf(8)), or without a limit. */
  limitAnn(rate) {
    const device = `to-${this.#namespaces.indexOf(this.ann)}-eth0`;
    const limit = ['root', 'tbf', 'rate', rate, 'burst', '10kb', 'latency', '200ms'];
    this.#spaces['ann-router'].tc('qdisc', ...(rate ? ['replace', 'dev', device, ...limit] : ['del', 'dev', device, 'root']));
  }

  destroy() {
    for (const namespace of this.#namespaces.splice(0)) namespace.destroy();
  }

  /** Changes that happen in the middle of a call. */
  changes = {
    'network gone': () => this.#spaces['ann-router'].nft(CUT_ALL),
    'network back': () => this.#spaces['ann-router'].nft(MENDED),
    'UDP cut': () => this.#spaces['ann-router'].nft(CUT_UDP),
    // The network hands out another address, as after a DHCP lease that was not renewed.
    'new address': () => this.ann.ip(`
      address flush dev eth0 scope global
      address add ${lan(ANN).prefix}.77/24 dev eth0
      route add default via ${lan(ANN).router}`),
    // Out of the Wi-Fi's reach, on with the mobile network.
    'other network': () => this.ann.ip(`
      link set eth0 down
      address add ${lan(OTHER).machine}/24 dev eth1
      link set eth1 up
      route add default via ${lan(OTHER).router}`),
  };

  #buildInternet(at, ann, bob, sharedNat) {
    const internet = this.#space('internet');
    internet.ip(`
      link add br0 type bridge
      address add ${INTERNET.ipv4}.${GATEWAY}/24 dev br0
      address add ${INTERNET.ipv6}::${GATEWAY}/64 dev br0 nodad
      link set br0 up`);
    internet.sysctl(...FORWARDING);
    if (at === 'public') {
      this.#connect(this.#space('server'), 'eth0', SERVER);
    } else {
      this.#router('server-router', SERVER, { nat: at });
      this.#machine('server', 'server-router', SERVER);
    }
    this.#router('ann-router', ANN, ann);
    this.#machine('ann', 'ann-router', ANN, ann);
    if (sharedNat) {
      this.#machine('bob', 'ann-router', ANN, { host: 3 });
    } else {
      this.#router('bob-router', BOB, bob);
      this.#machine('bob', 'bob-router', BOB, bob);
    }
    if (ann.otherNetwork) {
      this.#router('other-router', OTHER, { nat: ann.nat });
      this.#plug(this.ann, 'eth1', 'other-router');
    }
    this.#connect(this.#space('cyd'), 'eth0', CYD);
  }

  /** The server and each person in networks of their own, around one router that keeps the people apart. */
  #buildOffice() {
    const router = this.#space('router');
    router.sysctl(...FORWARDING);
    router.nft(routerRules({ firewall: 'nobody but the server', server: this.address }));
    for (const [role, number] of [['server', SERVER], ['ann', ANN], ['bob', BOB], ['cyd', CYD]]) {
      this.#lan('router', role, number);
      this.#machine(role, 'router', number, { bridge: role });
    }
  }

  #router(role, number, conditions) {
    const router = this.#space(role);
    router.sysctl(...FORWARDING);
    this.#connect(router, 'wan', number);
    this.#lan(role, 'lan', number);
    const { machine, ipv6 } = lan(number);
    router.nft(routerRules({ ...conditions, machine, server: this.address, port: this.#port }));
    this.#spaces.internet.ip(`route add ${ipv6}/64 via ${wan(number).ipv6}`);
  }

  #lan(router, bridge, number) {
    this.#spaces[router].ip(`
      link add ${bridge} type bridge
      address add ${lan(number).router}/24 dev ${bridge}
      address add ${lan(number).ipv6}1/64 dev ${bridge} nodad
      link set ${bridge} up`);
  }

  #machine(role, router, number, { ipv6 = false, host = 2, bridge = 'lan' } = {}) {
    const machine = this.#space(role);
    this.#plug(machine, 'eth0', router, bridge);
    const { prefix, router: gateway, ipv6: prefix6 } = lan(number);
    if (ipv6) {
      machine.ip(`
        address add ${prefix6}${host}/64 dev eth0 nodad
        link set eth0 up
        route add ::/0 via ${prefix6}1`);
    } else {
      machine.ip(`
        address add ${prefix}.${host}/24 dev eth0
        link set eth0 up
        route add default via ${gateway}`);
    }
  }

  #plug(machine, device, router, bridge = 'lan') {
    const end = `to-${this.#namespaces.indexOf(machine)}-${device}`;
    this.#spaces[router].ip(`
      link add ${end} type veth peer name ${device} netns ${machine.name}
      link set ${end} master ${bridge} up`);
  }

  /** A public address, IPv4 and IPv6, on a link to the internet. */
  #connect(namespace, device, number) {
    const { internet } = this.#spaces;
    internet.ip(`
      link add to-${number} type veth peer name ${device} netns ${namespace.name}
      link set to-${number} master br0 up`);
    namespace.ip(`
      address add ${wan(number).ipv4}/24 dev ${device}
      address add ${wan(number).ipv6}/64 dev ${device} nodad
      link set ${device} up
      route add default via ${INTERNET.ipv4}.${GATEWAY}
      route add ::/0 via ${INTERNET.ipv6}::${GATEWAY}`);
  }

  #space(role) {
    const namespace = new Namespace(role, this.#hosts);
    this.#spaces[role] = namespace;
    this.#namespaces.push(namespace);
    return namespace;
  }
}

function wan(number) {
  return { ipv4: `${INTERNET.ipv4}.${number}`, ipv6: `${INTERNET.ipv6}::${number}` };
}

function lan(number) {
  const prefix = `192.168.${number}`;
  return { prefix, router: `${prefix}.1`, machine: `${prefix}.2`, ipv6: `${INTERNET.ipv6}:${number}::` };
}
