import { useInviteOrigin } from './preferences';
import { roomPath } from './route';

/** The way into a room for others: without anything personal of the own address. */
export interface Invitation {
  /** What is copied, shared and drawn as a QR code. */
  link: string;
  /** The same for people to read: scripts other than Latin are not spelt in percent signs. */
  shown: string;
  /** True where the link leads nowhere but on this computer. */
  localOnly: boolean;
}

/**
 * An invitation to a room from the page at `here`. A page opened on this computer's loopback address invites
 * to the address the server says it has in the network, if it has one.
 */
export function invitation(room: string, here: string, reachable: string | undefined): Invitation {
  const { origin, hostname } = new URL(reachable ?? here);
  return {
    link: new URL(roomPath(room), origin).href,
    shown: `${origin}/r/${room}`,
    localOnly: isLoopback(hostname),
  };
}

export function useInvitation(room: string): Invitation {
  return invitation(room, location.origin, useInviteOrigin());
}

export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127(?:\.\d+){3}|\[::1\]|\[::ffff:7f[\da-f]{2}:[\da-f]+\])$/i.test(
    hostname,
  );
}
