/** The access token in an invitation's link, `/r/team#token=…`; behind the #, it reaches no server's log. */
export function accessToken(hash = location.hash): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') || undefined;
}

/** The display name that a token sets, for show: the server looks at the token itself. */
export function nameInToken(token: string | undefined): string | undefined {
  const payload = token?.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (one) =>
      one.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== 'object' || claims === null || !('name' in claims)) return undefined;
    return typeof claims.name === 'string' && claims.name.trim() !== '' ? claims.name.trim() : undefined;
  } catch {
    return undefined;
  }
}
