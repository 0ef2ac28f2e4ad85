import type { BudgetOptions } from './adapters/request-budgets.js';

/** One identity provider whose access tokens are believed. */
export interface IssuerOptions {
  /** Compared byte by byte with the token's `iss`. https, or http on a loopback address. */
  readonly issuer: string;
  readonly audience: string;
  /** Default: found by discovery (`/.well-known/openid-configuration`). */
  readonly jwksUri?: string;
  /** The claim that names the token's one network. */
  readonly networkClaim: string;
  /** The networks that this issuer may speak for. */
  readonly networks: readonly number[] | 'any';
  /** Whether `keyledger_operator: true` of this issuer is believed. */
  readonly operators: boolean;
}

/** What the composition root gives this context, read from the configuration once. */
export class AccessOptions {
  readonly issuers: readonly IssuerOptions[];
  /** CIDRs of proxies whose `X-Forwarded-For` is believed; empty: the socket's address counts. */
  readonly trustedProxies: readonly string[];
  readonly budgets: Partial<BudgetOptions>;
  /** Which process writes (`recordedBy` of the denials). */
  readonly recordedBy: string;

  /** @throws {TypeError} naming the issuer and what is wrong. */
  constructor(options: {
    readonly issuers: readonly IssuerOptions[];
    readonly trustedProxies?: readonly string[];
    readonly budgets?: Partial<BudgetOptions>;
    readonly recordedBy?: string;
  }) {
    for (const issuer of options.issuers) assertIssuer(issuer);
    const names = options.issuers.map(({ issuer }) => issuer);
    if (new Set(names).size < names.length) throw new TypeError('an issuer is configured twice');
    this.issuers = options.issuers;
    this.trustedProxies = options.trustedProxies ?? [];
    this.budgets = options.budgets ?? {};
    this.recordedBy = options.recordedBy ?? 'keyledger';
  }
}

function assertIssuer({ issuer, jwksUri, audience, networkClaim }: IssuerOptions): void {
  for (const url of jwksUri === undefined ? [issuer] : [issuer, jwksUri])
    if (!isSecureUrl(url))
      throw new TypeError(`issuer ${issuer}: ${url} must be https (http on loopback only)`);
  if (audience === '') throw new TypeError(`issuer ${issuer}: the audience is empty`);
  if (networkClaim === '') throw new TypeError(`issuer ${issuer}: the network claim is empty`);
}

/** Keys fetched over plain http from elsewhere would let anybody on the way forge every token. */
export function isSecureUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url || url.username !== '' || url.password !== '') return false;
  return (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && /^(127(\.\d+){3}|\[::1\]|localhost)$/.test(url.hostname))
  );
}
