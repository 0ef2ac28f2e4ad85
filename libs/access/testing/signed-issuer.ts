import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';

/** An issuer with one key, discovery and JWKS on a free port of 127.0.0.1, that signs whatever it is told. */
export interface SignedIssuer {
  readonly issuer: string;
  readonly publicJwk: JWK;
  /** An access token as a good issuer makes it; each part can be spoilt. */
  token(
    claims?: Readonly<Record<string, unknown>>,
    header?: { alg?: string; typ?: string; kid?: string },
  ): Promise<string>;
  sign(
    payload: JWTPayload,
    header: { alg: string; typ?: string; kid?: string },
    key?: CryptoKey | Uint8Array,
  ): Promise<string>;
  requests(): number;
  /** Answers this status from now on (200: as before). */
  answerWith(status: number): void;
  /** Another signing key under another id; the former is no longer published. */
  rotate(): Promise<void>;
  close(): Promise<void>;
}

export async function startSignedIssuer(
  options: { alg?: string; audience?: string } = {},
): Promise<SignedIssuer> {
  const { alg = 'RS256', audience = 'keyledger' } = options;
  let generation = 0;
  let pair = await generateKeyPair(alg, { extractable: true });
  let jwk: JWK & { kid: string } = { kid: '' };
  const publish = async () => {
    generation += 1;
    jwk = {
      ...(await exportJWK(pair.publicKey)),
      kid: `key-${String(generation)}`,
      use: 'sig',
      alg,
    };
  };
  await publish();
  let status = 200;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const body = request.url?.endsWith('openid-configuration')
      ? { issuer, jwks_uri: `${issuer}/jwks` }
      : { keys: [jwk] };
    // A connection that is kept ends seconds later, perhaps under the next call.
    response
      .writeHead(status, { 'content-type': 'application/json', connection: 'close' })
      .end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  const sign: SignedIssuer['sign'] = (payload, header, key = pair.privateKey) =>
    new SignJWT(payload).setProtectedHeader(header).sign(key);

  return {
    issuer,
    get publicJwk() {
      return jwk;
    },
    sign,
    token: (claims = {}, header = {}) => {
      const now = Math.floor(Date.now() / 1_000);
      const good = {
        iss: issuer,
        aud: audience,
        sub: 'sam',
        iat: now,
        exp: now + 300,
        network_id: 1,
      };
      const payload = Object.fromEntries(
        Object.entries<unknown>({ ...good, ...claims }).filter(([, value]) => value !== undefined),
      );
      return sign(payload, { alg, typ: 'at+jwt', kid: jwk.kid, ...header });
    },
    requests: () => requests,
    answerWith: (next) => {
      status = next;
    },
    rotate: async () => {
      pair = await generateKeyPair(alg, { extractable: true });
      await publish();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
