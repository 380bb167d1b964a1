// Calls through NATs and firewalls; the other cells of the lab run by `make natlab`.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hold } from '../natlab/call.mjs';
import { CELLS } from '../natlab/cells.mjs';
import { natBehaviour } from '../natlab/nat-check.mjs';
import { unsupported } from '../natlab/namespaces.mjs';

const skip = unsupported() ?? false;

describe('the NAT lab', () => {
  const [independent, dependent] = ['endpoint-independent', 'address- and port-dependent'];
  for (const [router, expected] of [
    [{ nat: 'full cone' }, { mapping: independent, filtering: independent }],
    [{ nat: 'port-restricted' }, { mapping: independent, filtering: dependent }],
    [{ nat: 'symmetric' }, { mapping: dependent, filtering: dependent }],
    [{ nat: 'full cone', firewall: 'UDP blocked' }, { mapping: 'none', filtering: 'none' }],
  ]) {
    const name = Object.values(router).join(' with ');
    it(`has a NAT that is ${name}`, { skip }, async () => assert.deepEqual(await natBehaviour(router), expected));
  }

  for (const cell of CELLS.filter(({ inTest }) => inTest)) {
    const { name, threeInTest: three = false } = cell;
    it(`holds a call: ${name}${three ? ', and a third joins' : ''}`, { skip }, async () => {
      const { failures, details } = await hold(cell, { three });
      assert.deepEqual(failures, [], details);
    });
  }
});
