import type { ApiProfile, DocumentationLink } from '#networks';
import type { Portal } from '../../domain/portal.value.js';

/** What somebody who holds a key needs to know to use it: the companion article of the domain, as data. */
export interface ApiAccess {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly headerName: string;
  /** A shell command that reads the key from the environment variable `API_KEY`: it holds no key itself. */
  readonly exampleRequest: string;
  readonly documentation: readonly DocumentationLink[];
}

/** A first request of each portal that changes nothing (domain.md, section 10; the prefix decides the portal: section 2). */
const EXAMPLES: Readonly<Record<Portal, { readonly path: string; readonly body?: string }>> = {
  affiliate: { path: '/affiliates/dashboard/summary', body: '{"timezone_id": 67}' },
  advertiser: { path: '/advertisers/advertiser' },
  network: { path: '/networks/affiliates?page_size=1' },
  marketplace: { path: '/partners/connections/apikeys/list' },
};

export function apiAccess(profile: ApiProfile, portal: Portal): ApiAccess {
  const baseUrl = profile.baseUrl.replace(/\/+$/, '');
  const example = EXAMPLES[portal];
  return {
    baseUrl,
    headerName: profile.headerName,
    exampleRequest: [
      `curl ${shellQuoted(baseUrl + example.path)}`,
      `  -H "${profile.headerName}: $API_KEY"`,
      ...(example.body === undefined
        ? []
        : [`  -H 'Content-Type: application/json'`, `  -d ${shellQuoted(example.body)}`]),
    ].join(' \\\n'),
    documentation: profile.documentation[portal],
  };
}

const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
