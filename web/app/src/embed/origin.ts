/**
 * Whom we obey: the window around us, and nobody else. That this window's page may frame us at all is the browser's to
 * enforce (`frame-ancestors` of the server's Content-Security-Policy holds for every page of ours), and its origin is
 * the browser's word too. So no list of origins has to be known here.
 */
export interface Surroundings {
  /** Not all browsers have it. */
  ancestorOrigins: readonly string[] | undefined;
  referrer: string;
}

/** The origin of the page around us, if it can be known before it has spoken. */
export function parentOrigin({ ancestorOrigins, referrer }: Surroundings): string | undefined {
  if (ancestorOrigins) return named(ancestorOrigins[0]);
  return URL.canParse(referrer) ? named(new URL(referrer).origin) : undefined;
}

/** May this message be a command? Answers with the origin to which to answer. */
export function senderOf(
  message: { source: unknown; origin: string },
  around: { window: unknown; ancestorOrigins: readonly string[] | undefined },
): string | undefined {
  if (message.source !== around.window) return undefined;
  // What the browser says of the sender counts, not what the referrer made us think.
  if (around.ancestorOrigins && around.ancestorOrigins[0] !== message.origin) return undefined;
  return named(message.origin);
}

/** A sandboxed page has no origin ("null"): nothing could be posted to it but to whoever is there. */
function named(origin: string | undefined): string | undefined {
  return origin === undefined || !/^https?:\/\//.test(origin) ? undefined : origin;
}
