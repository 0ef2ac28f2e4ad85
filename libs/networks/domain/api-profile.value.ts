import { DomainError } from '#kernel';

/** The four APIs that keys open; the path's prefix decides the portal. */
export const PORTALS = ['affiliate', 'advertiser', 'network', 'marketplace'] as const;
export type Portal = (typeof PORTALS)[number];

export const REGIONS = ['us', 'eu'] as const;
export type Region = (typeof REGIONS)[number];

export interface DocumentationLink {
  readonly title: string;
  readonly url: string;
}

/** How a partner calls the API that its key opens; shown beside the key. */
export interface ApiProfile {
  readonly baseUrl: string;
  readonly headerName: string;
  readonly documentation: Readonly<Record<Portal, readonly DocumentationLink[]>>;
}

export const DOCUMENTATION_LINKS_MAX = 10;
export const DOCUMENTATION_TITLE_CHARACTERS_MAX = 120;
export const URL_CHARACTERS_MAX = 500;

const AUTHENTICATION: DocumentationLink = {
  title: 'Authentication',
  url: 'https://developers.everflow.io/docs/user-guide/authentication/',
};

export function defaultApiProfile(region: Region): ApiProfile {
  return {
    baseUrl: region === 'eu' ? 'https://api-eu.eflow.team/v1' : 'https://api.eflow.team/v1',
    headerName: 'X-Eflow-API-Key',
    documentation: {
      affiliate: [
        {
          title: 'Using your partner platform API key',
          url: 'https://helpdesk.everflow.io/collaborator/using-your-partner-platform-api-key',
        },
        {
          title: 'Affiliate API',
          url: 'https://developers.everflow.io/api-reference/affiliate-overview',
        },
        AUTHENTICATION,
      ],
      advertiser: [
        {
          title: 'Advertiser API: reporting',
          url: 'https://developers.everflow.io/docs/advertiser/reporting',
        },
        AUTHENTICATION,
      ],
      network: [
        {
          title: 'Network API',
          url: 'https://developers.everflow.io/api-reference/network-overview',
        },
        AUTHENTICATION,
      ],
      marketplace: [
        {
          title: 'Marketplace API',
          url: 'https://developers.everflow.io/api-reference/marketplace-overview',
        },
        AUTHENTICATION,
      ],
    },
  };
}

const HEADER_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
// No user part, no quote, nothing that could leave an HTML attribute.
const HTTPS_URL = /^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~\-/%?&=#]*)?$/;

/** @throws {DomainError} `networks/invalid-api-profile` with a JSON pointer to the first field that is wrong. */
export function checkedApiProfile(profile: ApiProfile): ApiProfile {
  demand(isHttpsUrl(profile.baseUrl), '/baseUrl', HTTPS_EXPECTED);
  demand(HEADER_NAME.test(profile.headerName), '/headerName', 'a header name');
  const links = (portal: Portal) => {
    const given = profile.documentation[portal];
    demand(
      given.length <= DOCUMENTATION_LINKS_MAX,
      `/documentation/${portal}`,
      `at most ${String(DOCUMENTATION_LINKS_MAX)} links`,
    );
    return given.map(({ title, url }, index) => {
      const at = `/documentation/${portal}/${String(index)}`;
      demand(
        title.length > 0 && title.length <= DOCUMENTATION_TITLE_CHARACTERS_MAX,
        `${at}/title`,
        `1 to ${String(DOCUMENTATION_TITLE_CHARACTERS_MAX)} characters`,
      );
      demand(isHttpsUrl(url), `${at}/url`, HTTPS_EXPECTED);
      return { title, url };
    });
  };
  return {
    baseUrl: profile.baseUrl,
    headerName: profile.headerName,
    documentation: {
      affiliate: links('affiliate'),
      advertiser: links('advertiser'),
      network: links('network'),
      marketplace: links('marketplace'),
    },
  };
}

const HTTPS_EXPECTED = `an https URL of at most ${String(URL_CHARACTERS_MAX)} characters`;
const isHttpsUrl = (text: string) => text.length <= URL_CHARACTERS_MAX && HTTPS_URL.test(text);

function demand(holds: boolean, pointer: string, expected: string): void {
  if (holds) return;
  throw new DomainError('networks/invalid-api-profile', {
    errors: [{ pointer, problem: `must be ${expected}` }],
  });
}
