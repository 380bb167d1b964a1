// Whether a NAT of the lab is what it is called: asked by probe.mjs from behind it.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PUBLIC_ADDRESS, Topology } from './topology.mjs';

const PROBE = fileURLToPath(new URL('probe.mjs', import.meta.url));

/** Mapping and filtering of a router with this NAT and firewall, in the words of RFC 4787. */
export async function natBehaviour(router) {
  const topology = new Topology({ server: { at: 'public', port: 8443 }, ann: router, bob: {} });
  try {
    const reflector = await said(topology.server, 'reflect', PUBLIC_ADDRESS);
    return JSON.parse(await said(topology.ann, 'classify', PUBLIC_ADDRESS, ...reflector.split(' ')));
  } finally {
    topology.destroy();
  }
}

/** The first line that the probe prints. */
async function said(namespace, ...args) {
  const probe = namespace.spawn(process.execPath, [PROBE, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(probe.stdout, 'data');
  return `${line}`.trim();
}
