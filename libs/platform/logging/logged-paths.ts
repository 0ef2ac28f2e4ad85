import { REDACTED } from './redaction.js';

/** Our deepest route has fewer; what a stranger appends is not kept. */
export const LOGGED_PATH_SEGMENTS_MAX = 16;

const ID = /^(?:\d{1,19}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/**
 * What of a request's path reaches a log: the words of our own routes, integers and UUIDs. Clients put secrets into paths
 * by mistake, in any encoding, so that no list of shapes finds all of them.
 */
export class LoggedPaths {
  readonly #words = new Set<string>(['']);

  /** @param template as the route was registered, such as `/v1/api-keys/:keyId`. */
  learn(template: string): void {
    for (const segment of template.split('/')) if (!/[:*]/.test(segment)) this.#words.add(segment);
  }

  of(url: unknown): string {
    if (typeof url !== 'string') return '';
    const segments = pathOf(url).split('/', LOGGED_PATH_SEGMENTS_MAX + 1);
    const kept = segments
      .slice(0, LOGGED_PATH_SEGMENTS_MAX)
      .map((segment) => (this.#words.has(segment) || ID.test(segment) ? segment : REDACTED));
    return [...kept, ...(segments.length > kept.length ? ['…'] : [])].join('/');
  }
}

export const pathOf = (url: string): string => url.split('?', 1)[0] ?? '';
