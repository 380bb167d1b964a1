// coturn's own programs, run against a server of ours.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a program to its end: its exit code and everything it said. */
export async function program(name, args, milliseconds = 60_000) {
  const { stdout, stderr, code = 0 } = await run(name, args, { timeout: milliseconds }).catch((error) => error);
  return { code, output: `${stdout}${stderr}` };
}

/** The arguments every run of `turnutils_uclient` shares. */
export function uclientArgs(server, options, { name = 'ann', password = 'secret', address = '127.0.0.1' } = {}) {
  return ['-u', name, '-w', password, '-p', String(server.port), ...options, address];
}

/** `turnutils_uclient` to its end, with what it counted. */
export async function uclient(server, options, as) {
  const { code, output } = await program('turnutils_uclient', uclientArgs(server, options, as));
  const [, sent, received] = output.match(/tot_send_msgs=(\d+), tot_recv_msgs=(\d+)\n(?![^]*tot_send_msgs)/) ?? [];
  const [, lost] = output.match(/Total lost packets (\d+) /) ?? [];
  return { code, output, sent: Number(sent), received: Number(received), lost: Number(lost) };
}

/** A program in the background, until `stop()`. */
export function running(name, args) {
  const child = spawn(name, args, { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const runs = () => child.exitCode === null && child.signalCode === null;
  return {
    exited,
    runs,
    stop: async () => {
      if (runs()) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The same, begun again whenever it ends and at least every five seconds. */
export function keepRunning(name, args) {
  let stopped = false;
  let current;
  const ended = (async () => {
    while (!stopped) {
      current = running(name, args);
      const timer = setTimeout(current.stop, 5_000);
      await current.exited;
      clearTimeout(timer);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await current.stop();
      await ended;
    },
  };
}
