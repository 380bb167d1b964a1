/**
 * An offer on a connection that exists names the DTLS role this side has, instead of leaving the choice
 * (`actpass`) once more: Firefox 153 would choose `active` even where it is the server, which changes the
 * role in the middle of an association, and Chromium refuses the answer (RFC 8842 §5.5 wants the roles kept).
 */
export function withKeptRole(
  sdp: string,
  local: RTCSessionDescription | null,
  remote: RTCSessionDescription | null,
): string {
  const role = roleIn(local, remote);
  return role ? sdp.replace(/^a=setup:actpass\r$/gm, `a=setup:${role}\r`) : sdp;
}

/** Our role by the last answer, which is the one that decided. */
function roleIn(
  local: RTCSessionDescription | null,
  remote: RTCSessionDescription | null,
): 'active' | 'passive' | undefined {
  if (local?.type === 'answer') return setupOf(local.sdp);
  const theirs = remote?.type === 'answer' ? setupOf(remote.sdp) : undefined;
  return theirs && (theirs === 'active' ? 'passive' : 'active');
}

function setupOf(sdp: string): 'active' | 'passive' | undefined {
  return /^a=setup:(active|passive)\r$/m.exec(sdp)?.[1] as 'active' | 'passive' | undefined;
}
