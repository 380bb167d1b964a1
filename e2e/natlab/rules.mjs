// What a router does to packets, as nftables rules.

/**
 * NATs by their classic names (RFC 3489 §5), in the words of RFC 4787: mapping says which public port a socket
 * gets, filtering who may answer to it. `out` treats what leaves, `inward` what comes unasked; `machine` is the
 * one in the LAN that gets it.
 */
const NATS = {
  none: {},
  // Endpoint-independent mapping and filtering: the machine owns every public UDP port.
  'full cone': { out: 'masquerade', inward: ({ machine }) => [`meta l4proto udp dnat to ${machine}`] },
  // Linux keeps the source port where it can, which makes the mapping endpoint-independent; conntrack filters
  // by address and port.
  'port-restricted': { out: 'masquerade' },
  // Address- and port-dependent mapping: a random port for each peer.
  symmetric: { out: 'masquerade fully-random' },
  // A cloud's: the machine has a private address, and a public one is its own in both directions.
  '1:1': { out: 'masquerade', inward: ({ machine }) => [`dnat to ${machine}`] },
  // A container's: one port is forwarded, everything else goes out as from its host.
  'published port': {
    out: 'masquerade',
    inward: ({ machine, port }) => ['tcp', 'udp'].map((protocol) => `${protocol} dport ${port} dnat to ${machine}`),
  },
};

/** What a router lets pass from its own networks; `server` is the server's address, `port` its one port. */
const FIREWALLS = {
  none: () => '',
  'UDP blocked': () => 'meta l4proto udp drop',
  "only TCP to the server's port": ({ server, port }) => `
        ip daddr ${server} tcp dport ${port} accept
        drop`,
  // Stands in for deep inspection: a stream passes once its first bytes are a TLS record (RFC 8446 §5.1).
  // `@ih` is what follows the TCP header; its first byte can match only if there is one.
  'only TLS': ({ server, port }) => `
        ip daddr ${server} tcp dport ${port} ct mark 1 accept
        ip daddr ${server} tcp dport ${port} @ih,0,16 0x1603 ct mark set 1 accept
        ip daddr ${server} tcp dport ${port} @ih,0,8 0-255 drop
        ip daddr ${server} tcp dport ${port} accept
        drop`,
  'nobody but the server': ({ server }) => `
        ip daddr ${server} accept
        ip saddr ${server} accept
        drop`,
};

/** The rules of a router whose interface to the internet is `wan`. `loss` is in percent of all packets, each way. */
export function routerRules({ nat = 'none', firewall = 'none', loss = 0, machine, server, port }) {
  const { out, inward = () => [] } = known(NATS, nat);
  return `
    table inet lab {
      chain loss {
        type filter hook forward priority -20;
        ${loss ? `numgen random mod 100 < ${loss} drop` : ''}
      }
      chain cut { type filter hook forward priority -10; }
      chain firewall {
        type filter hook forward priority -5;
        iifname wan accept
        meta l4proto ipv6-icmp accept
        ${known(FIREWALLS, firewall)({ server, port })}
      }
      chain forward {
        type filter hook forward priority 0; policy drop;
        meta l4proto ipv6-icmp accept
        ct state established,related accept
        iifname != wan accept
        ct status dnat accept
      }
      chain input {
        type filter hook input priority 0;
        # Undropped, an early packet of a peer would leave a conntrack entry that takes its port from the mapping.
        iifname wan meta l4proto != ipv6-icmp ct state new drop
      }
    }
    table ip nat {
      chain in {
        type nat hook prerouting priority dstnat;
        ${inward({ machine, port }).map((rule) => `iifname wan ${rule}`).join('\n        ')}
      }
      chain out {
        type nat hook postrouting priority srcnat;
        ${out ? `oifname wan ${out}` : ''}
      }
    }`;
}

/** Drops all UDP from now on. */
export const CUT_UDP = 'add rule inet lab cut meta l4proto udp drop';

/** Drops everything from now on. */
export const CUT_ALL = 'add rule inet lab cut drop';

/** Nothing is cut any more. */
export const MENDED = 'flush chain inet lab cut';

function known(table, name) {
  if (!Object.hasOwn(table, name)) throw new Error(`“${name}” is none of: ${Object.keys(table).join(', ')}`);
  return table[name];
}
