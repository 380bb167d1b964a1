import { createStore, useStore } from './store';

/** Which page an address means. */
export type Route = { page: 'landing' } | { page: 'test' } | { page: 'room'; room: string };

/** What the address asks for besides the page. */
export interface Query {
  name: string | undefined;
  /** Skip the pre-join page. */
  join: boolean;
  mic: boolean | undefined;
  cam: boolean | undefined;
  lang: string | undefined;
  /** Shown in a frame of another page. */
  embed: boolean;
}

export function parseRoute(pathname: string): Route {
  if (/^\/test\/*$/.test(pathname)) return { page: 'test' };
  const match = /^\/r\/([^/]+)\/*$/.exec(pathname);
  const encoded = match?.[1];
  if (encoded === undefined) return { page: 'landing' };
  const room = decode(encoded).trim();
  return room === '' ? { page: 'landing' } : { page: 'room', room };
}

export function parseQuery(search: string): Query {
  const parameters = new URLSearchParams(search);
  const name = parameters.get('name')?.trim();
  return {
    name: name ? name : undefined,
    join: flag(parameters.get('join')) ?? false,
    mic: flag(parameters.get('mic')),
    cam: flag(parameters.get('cam')),
    lang: parameters.get('lang') ?? undefined,
    embed: flag(parameters.get('embed')) ?? false,
  };
}

/**
 * The room in what somebody typed or pasted: a name, or an invitation link, whatever its host and whatever
 * was copied along with it.
 */
export function roomFromInput(input: string): string {
  const text = input.trim();
  const link =
    /https?:\/\/[^/\s]+\/r\/([^/?#\s]+)(?=\/*(?:[?#\s]|$))/i.exec(text) ??
    /^[^/\s]*\/r\/([^/?#\s]+)\/*(?:[?#].*)?$/i.exec(text);
  return link?.[1] === undefined ? text : decode(link[1]).trim();
}

export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`;
}

/** The one address of a page that has several: `/r/team/` is `/r/team`. */
function settleAddress(): void {
  const { pathname, search, hash } = location;
  if (parseRoute(pathname).page !== 'room' || !pathname.endsWith('/')) return;
  history.replaceState(history.state, '', pathname.replace(/\/+$/, '') + search + hash);
}

settleAddress();
const route = createStore<Route>(parseRoute(location.pathname));
addEventListener('popstate', () => route.set(parseRoute(location.pathname)));

export function useRoute(): Route {
  return useStore(route);
}

/** A path of ours in the language that the address asks for, if it asks. */
export function withLanguage(path: string): string {
  const language = parseQuery(location.search).lang;
  return language === undefined ? path : `${path}?lang=${encodeURIComponent(language)}`;
}

export function navigate(path: string): void {
  history.pushState(null, '', withLanguage(path));
  route.set(parseRoute(location.pathname));
  scrollTo(0, 0);
}

function flag(value: string | null): boolean | undefined {
  if (value === '1' || value === 'true') return true;
  if (value === '0' || value === 'false') return false;
  return undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
