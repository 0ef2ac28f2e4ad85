import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface TokenOptions {
  readonly subject: string;
  readonly networkId?: number;
  readonly operator?: boolean;
  readonly audience?: string;
  readonly expiresInSeconds?: number;
  readonly typ?: string;
}

/** A token issuer of a test run: real keys, a real key set over HTTP on loopback, and tokens as wanted. */
export interface TestIssuer {
  readonly issuer: string;
  token(options: TokenOptions): Promise<string>;
  close(): Promise<void>;
}

export const TEST_AUDIENCE = 'keyledger';
const TOKEN_SECONDS_DEFAULT = 600;

export async function startTestIssuer(): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  const server = createServer((request, response) => {
    const body =
      request.url === '/jwks'
        ? { keys: [jwk] }
        : request.url === '/.well-known/openid-configuration'
          ? { issuer, jwks_uri: `${issuer}/jwks` }
          : undefined;
    // A connection that is kept ends seconds later, perhaps under the next call.
    response.writeHead(body ? 200 : 404, {
      'content-type': 'application/json',
      connection: 'close',
    });
    response.end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  return {
    issuer,
    token: ({ subject, networkId, operator, audience, expiresInSeconds, typ }) =>
      new SignJWT({
        ...(networkId === undefined ? {} : { network_id: networkId }),
        ...(operator === true ? { keyledger_operator: true } : {}),
        client_id: 'tests',
      })
        .setProtectedHeader({ alg: 'ES256', kid: 'test', typ: typ ?? 'at+jwt' })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(audience ?? TEST_AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(
          Math.floor(Date.now() / 1000) + (expiresInSeconds ?? TOKEN_SECONDS_DEFAULT),
        )
        .sign(privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
