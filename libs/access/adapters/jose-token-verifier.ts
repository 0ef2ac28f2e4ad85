import { Injectable } from '@nestjs/common';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { Clock, DomainError, networkId, type NetworkId } from '#kernel';
import { AccessOptions, isSecureUrl, type IssuerOptions } from '../access.options.js';
import {
  TokenRefusedError,
  TokenVerifier,
  type TokenRefusal,
  type VerifiedToken,
} from '../ports/token-verifier.port.js';

/** Asymmetric only: with a shared secret, or with none, whoever can read can sign. */
export const TOKEN_ALGORITHMS: readonly string[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
export const CLOCK_SKEW_SECONDS = 30;
export const TOKEN_BYTES_MAX = 8_192;
export const SUBJECT_LENGTH_MAX = 255;
export const OPERATOR_CLAIM = 'keyledger_operator';
export const JWKS_TIMEOUT_MS = 3_000;
/** A token that names an unknown key makes us ask the issuer again, but not more often than this. */
export const JWKS_COOLDOWN_MS = 30_000;
/** A key that the issuer withdrew is believed no longer than this. */
export const JWKS_AGE_MS_MAX = 600_000;
export const JWKS_BYTES_MAX = 262_144;
/** After a failure nobody asks an issuer again before this is over. */
export const ISSUER_FAILURE_HOLD_MS = 1_000;

interface Issuer {
  readonly options: IssuerOptions;
  readonly key: JWTVerifyGetKey;
}

@Injectable()
export class JoseTokenVerifier extends TokenVerifier {
  private readonly issuers: ReadonlyMap<string, Issuer>;

  constructor(
    options: AccessOptions,
    private readonly clock: Clock,
  ) {
    super();
    this.issuers = new Map(
      options.issuers.map((issuer) => [issuer.issuer, { options: issuer, key: keysOf(issuer) }]),
    );
  }

  override async verify(token: string): Promise<VerifiedToken> {
    if (token.length > TOKEN_BYTES_MAX) throw new TokenRefusedError('malformed');
    const issuer = this.issuerOf(token);
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, issuer.key, {
        issuer: issuer.options.issuer,
        audience: issuer.options.audience,
        algorithms: [...TOKEN_ALGORITHMS],
        typ: 'at+jwt',
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: this.clock.now(),
        requiredClaims: ['exp', 'sub', 'iss', 'aud'],
      }));
    } catch (error) {
      if (error instanceof DomainError) throw error;
      throw new TokenRefusedError(refusalOf(error));
    }
    return verified(payload, issuer.options);
  }

  /** Before any key is asked for: what could never pass costs no network and no signature. */
  private issuerOf(token: string): Issuer {
    let type: unknown;
    let algorithm: unknown;
    let name: unknown;
    try {
      ({ typ: type, alg: algorithm } = decodeProtectedHeader(token));
      ({ iss: name } = decodeJwt(token));
    } catch {
      throw new TokenRefusedError('malformed');
    }
    if (typeof type !== 'string' || !/^(application\/)?at\+jwt$/i.test(type))
      throw new TokenRefusedError('type');
    if (typeof algorithm !== 'string' || !TOKEN_ALGORITHMS.includes(algorithm))
      throw new TokenRefusedError('algorithm');
    const issuer = typeof name === 'string' ? this.issuers.get(name) : undefined;
    if (!issuer) throw new TokenRefusedError('issuer');
    return issuer;
  }
}

function verified(payload: JWTPayload, options: IssuerOptions): VerifiedToken {
  const { sub: subject } = payload;
  if (typeof subject !== 'string' || !isSubject(subject)) throw new TokenRefusedError('claims');
  // A token bound to a key that we never see proven (DPoP, mTLS) must not pass as a bearer token.
  if (payload['cnf'] !== undefined) throw new TokenRefusedError('claims');
  const operator = options.operators && payload[OPERATOR_CLAIM] === true;
  const claimed = payload[options.networkClaim];
  // Operators belong to no network: a token that says both says nothing.
  if (operator && claimed !== undefined) throw new TokenRefusedError('network');
  return {
    issuer: options.issuer,
    subject,
    networkId: operator ? null : networkOf(claimed, options),
    operator,
    service: payload['client_id'] === subject,
  };
}

function networkOf(claimed: unknown, { networks }: IssuerOptions): NetworkId {
  const id =
    typeof claimed === 'string' && /^[1-9]\d{0,15}$/.test(claimed) ? Number(claimed) : claimed;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1)
    throw new TokenRefusedError('network');
  if (networks !== 'any' && !networks.includes(id)) throw new TokenRefusedError('network');
  return networkId(id);
}

const isSubject = (subject: string) =>
  subject.length > 0 && subject.length <= SUBJECT_LENGTH_MAX && !/[\p{Cc}\p{Cs}]/u.test(subject);

function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    if (claim === 'aud') return 'audience';
    if (claim === 'iss') return 'issuer';
    if (claim === 'typ') return 'type';
    return claim === 'nbf' && reason === 'check_failed' ? 'not-yet-valid' : 'claims';
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'algorithm';
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  )
    return 'signature';
  return 'malformed';
}

/** The issuer's keys, fetched when first needed. What is no statement about the token is a 503. */
function keysOf(options: IssuerOptions): JWTVerifyGetKey {
  type Keys = ReturnType<typeof createRemoteJWKSet>;
  let keys: Keys | undefined;
  let loading: Promise<Keys> | undefined;
  let failedAt = -Infinity;
  let failure: unknown;
  /** Strangers' tokens, which name keys that nobody knows, make us ask an issuer that is away: others go on meanwhile. */
  const known: JWTVerifyGetKey = async (header, token) => {
    const jwks = keys?.fresh === true ? keys.jwks() : undefined;
    if (!jwks) throw failure;
    return createLocalJWKSet(jwks)(header, token).catch((error: unknown) => {
      throw error instanceof errors.JWKSNoMatchingKey ? failure : error;
    });
  };
  const load = async () => {
    const uri = options.jwksUri ?? (await discover(options.issuer));
    return createRemoteJWKSet(new URL(uri), {
      timeoutDuration: JWKS_TIMEOUT_MS,
      cooldownDuration: JWKS_COOLDOWN_MS,
      cacheMaxAge: JWKS_AGE_MS_MAX,
      [customFetch]: boundedFetch,
    });
  };
  return async (header, token) => {
    try {
      if (performance.now() < failedAt + ISSUER_FAILURE_HOLD_MS) return await known(header, token);
      if (!keys) {
        loading ??= load().finally(() => (loading = undefined));
        keys = await loading;
      }
      return await keys(header, token);
    } catch (error) {
      if (
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys
      )
        throw error;
      if (error instanceof errors.JOSENotSupported) throw error;
      if (performance.now() >= failedAt + ISSUER_FAILURE_HOLD_MS) {
        failedAt = performance.now();
        failure = error;
      }
      const cause = new Error(`no keys of ${options.issuer}`, { cause: error });
      throw new DomainError('access/issuer-unavailable', {}, { cause });
    }
  };
}

async function discover(issuer: string): Promise<string> {
  const response = await boundedFetch(
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    {
      signal: AbortSignal.timeout(JWKS_TIMEOUT_MS),
      redirect: 'manual',
      headers: { accept: 'application/json' },
    },
  );
  if (response.status !== 200) throw new Error(`discovery answered ${String(response.status)}`);
  const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (document.issuer !== issuer) throw new Error('discovery speaks for another issuer');
  if (typeof document.jwks_uri !== 'string' || !isSecureUrl(document.jwks_uri))
    throw new Error('discovery names no usable jwks_uri');
  return document.jwks_uri;
}

async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > JWKS_BYTES_MAX) throw new Error('the issuer answered too much');
    chunks.push(chunk);
  }
  const { status, headers } = response;
  return new Response(status === 204 || status === 304 ? null : Buffer.concat(chunks), {
    status,
    headers,
  });
}
