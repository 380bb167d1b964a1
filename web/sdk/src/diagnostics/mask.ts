/** Attributes with which somebody could take part in a connection, or tell who does. */
const SECRETS: readonly [RegExp, string][] = [
  // RFC 8839 §5.4: whoever knows it may send connectivity checks.
  [/^(a=ice-pwd:).*$/gm, '$1****'],
  // RFC 4568 §9.1: the media's key itself.
  [/^(a=crypto:\d+ \S+ ).*$/gm, '$1****'],
  // RFC 8866 §5.12, obsolete: a key as well.
  [/^(k=).*$/gm, '$1****'],
  // RFC 8122 §5: no secret, but it tells one browser from another. Two bytes are enough to compare both ends.
  [/^(a=fingerprint:\S+ [0-9A-F]{2}:[0-9A-F]{2}).*$/gim, '$1:****'],
  // RFC 8839 §5.1 lets extensions follow; one of these names a credential.
  [/((?:token|password|credential)[=: ])\S+/gi, '$1****'],
];

/** A session description that can be shown to others. */
export function maskSecrets(sdp: string): string {
  // `.` and `$` know no carriage return: it stays out of what is masked.
  const carriage = sdp.includes('\r\n');
  let text = carriage ? sdp.replaceAll('\r\n', '\n') : sdp;
  for (const [secret, mask] of SECRETS) text = text.replace(secret, mask);
  return carriage ? text.replaceAll('\n', '\r\n') : text;
}
