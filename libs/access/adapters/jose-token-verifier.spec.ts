import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { exportSPKI, generateKeyPair, importJWK, UnsecuredJWT } from 'jose';
import { Clock } from '#kernel';
import { AccessOptions, type IssuerOptions } from '../access.options.js';
import { TokenRefusedError, type TokenRefusal } from '../ports/token-verifier.port.js';
import { startSignedIssuer, type SignedIssuer } from '../testing/signed-issuer.js';
import {
  CLOCK_SKEW_SECONDS,
  JoseTokenVerifier,
  JWKS_AGE_MS_MAX,
  JWKS_COOLDOWN_MS,
  TOKEN_BYTES_MAX,
} from './jose-token-verifier.js';

class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }
}
const clock = new SystemClock();
const nowSeconds = () => Math.floor(Date.now() / 1_000);

describe('access token verification', () => {
  let issuer: SignedIssuer;
  let operators: SignedIssuer;
  let verifier: JoseTokenVerifier;
  const options = (of: SignedIssuer, more: Partial<IssuerOptions> = {}): IssuerOptions => ({
    issuer: of.issuer,
    audience: 'keyledger',
    networkClaim: 'network_id',
    networks: [1],
    operators: false,
    ...more,
  });

  beforeAll(async () => {
    issuer = await startSignedIssuer();
    operators = await startSignedIssuer({ alg: 'ES256' });
    const issuers = [options(issuer), options(operators, { networks: 'any', operators: true })];
    verifier = new JoseTokenVerifier(new AccessOptions({ issuers }), clock);
  });
  afterAll(async () => {
    await issuer.close();
    await operators.close();
  });

  const refuses = async (token: string, reason: TokenRefusal) => {
    await expect(verifier.verify(token)).rejects.toEqual(new TokenRefusedError(reason));
    await expect(verifier.verify(token)).rejects.toMatchObject({ reason });
  };

  it('believes an access token of a configured issuer', async () => {
    await expect(verifier.verify(await issuer.token())).resolves.toEqual({
      issuer: issuer.issuer,
      subject: 'sam',
      networkId: 1,
      operator: false,
      service: false,
    });
    await expect(
      verifier.verify(await issuer.token({}, { typ: 'application/at+jwt' })),
    ).resolves.toBeDefined();
    await expect(verifier.verify(await issuer.token({ network_id: '1' }))).resolves.toMatchObject({
      networkId: 1,
    });
    await expect(verifier.verify(await issuer.token({ client_id: 'sam' }))).resolves.toMatchObject({
      service: true,
    });
  });

  it('refuses an expired token, beyond the clock skew and not within it', async () => {
    await refuses(await issuer.token({ exp: nowSeconds() - CLOCK_SKEW_SECONDS - 5 }), 'expired');
    await expect(
      verifier.verify(await issuer.token({ exp: nowSeconds() - 5 })),
    ).resolves.toBeDefined();
    await refuses(await issuer.token({ exp: undefined }), 'claims');
  });

  it('refuses a token before its time, beyond the clock skew and not within it', async () => {
    await refuses(
      await issuer.token({ nbf: nowSeconds() + CLOCK_SKEW_SECONDS + 5 }),
      'not-yet-valid',
    );
    await expect(
      verifier.verify(await issuer.token({ nbf: nowSeconds() + 5 })),
    ).resolves.toBeDefined();
  });

  it('refuses an unsigned token', async () => {
    const now = nowSeconds();
    const unsigned = new UnsecuredJWT({ network_id: 1 })
      .setIssuer(issuer.issuer)
      .setAudience('keyledger')
      .setSubject('sam')
      .setExpirationTime(now + 60)
      .encode();
    await refuses(unsigned, 'type');
    const [, payload = ''] = (await issuer.token()).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString(
      'base64url',
    );
    await refuses(`${header}.${payload}.`, 'algorithm');
  });

  it('refuses a signature made with the public key as a shared secret', async () => {
    const spki = await exportSPKI((await importJWK(issuer.publicJwk, 'RS256')) as never);
    const claims = {
      iss: issuer.issuer,
      aud: 'keyledger',
      sub: 'sam',
      exp: nowSeconds() + 60,
      network_id: 1,
    };
    const header = { alg: 'HS256', typ: 'at+jwt', kid: issuer.publicJwk.kid ?? '' };
    await refuses(await issuer.sign(claims, header, new TextEncoder().encode(spki)), 'algorithm');
  });

  it('refuses an ID token', async () => {
    await refuses(await issuer.token({}, { typ: 'JWT' }), 'type');
    const now = nowSeconds();
    const claims = {
      iss: issuer.issuer,
      aud: 'keyledger',
      sub: 'sam',
      iat: now,
      exp: now + 60,
      network_id: 1,
    };
    await refuses(
      await issuer.sign(claims, { alg: 'RS256', kid: issuer.publicJwk.kid ?? '' }),
      'type',
    );
  });

  it('refuses another audience, and none', async () => {
    await refuses(await issuer.token({ aud: 'somebody-else' }), 'audience');
    await refuses(await issuer.token({ aud: undefined }), 'audience');
  });

  it('refuses an issuer that is not configured, and one issuer speaking for another', async () => {
    const stranger = await startSignedIssuer();
    await refuses(await stranger.token(), 'issuer');
    await refuses(await stranger.token({ iss: issuer.issuer }), 'signature');
    await refuses(
      await operators.token({ iss: issuer.issuer }, { kid: issuer.publicJwk.kid ?? '' }),
      'signature',
    );
    await refuses(await issuer.token({ iss: `${issuer.issuer}/` }), 'issuer');
    expect(stranger.requests()).toBe(0);
    await stranger.close();
  });

  it('refuses a network that the issuer may not speak for, and a token without one', async () => {
    await refuses(await issuer.token({ network_id: 2 }), 'network');
    for (const claim of [
      undefined,
      null,
      0,
      -1,
      1.5,
      '01',
      '1 ',
      ' 1',
      [1],
      { id: 1 },
      true,
      '9007199254740993',
    ])
      await refuses(await issuer.token({ network_id: claim }), 'network');
  });

  it('believes the operator claim only of an issuer of operators', async () => {
    await refuses(
      await issuer.token({ keyledger_operator: true, network_id: undefined }),
      'network',
    );
    await expect(
      verifier.verify(await issuer.token({ keyledger_operator: true })),
    ).resolves.toMatchObject({
      operator: false,
      networkId: 1,
    });
    const operator = { keyledger_operator: true, network_id: undefined };
    await expect(verifier.verify(await operators.token(operator))).resolves.toMatchObject({
      operator: true,
      networkId: null,
    });
    await refuses(await operators.token({ keyledger_operator: true, network_id: 1 }), 'network');
    await refuses(
      await operators.token({ keyledger_operator: 'true', network_id: undefined }),
      'network',
    );
  });

  it('refuses other bytes, another key, an unknown key, junk and oversize', async () => {
    const [header = '', , signature = ''] = (await issuer.token()).split('.');
    const [, other = ''] = (await issuer.token({ sub: 'olivia' })).split('.');
    await refuses(`${header}.${other}.${signature}`, 'signature');
    const stranger = await generateKeyPair('RS256');
    const claims = {
      iss: issuer.issuer,
      aud: 'keyledger',
      sub: 'sam',
      exp: nowSeconds() + 60,
      network_id: 1,
    };
    const known = { alg: 'RS256', typ: 'at+jwt', kid: issuer.publicJwk.kid ?? '' };
    await refuses(await issuer.sign(claims, known, stranger.privateKey), 'signature');
    await refuses(await issuer.token({}, { kid: 'unheard-of' }), 'signature');
    for (const junk of ['', 'x', 'a.b.c', '..', 'e30.e30.e30', '\u0000'])
      await refuses(junk, junk === 'e30.e30.e30' ? 'type' : 'malformed');
    await refuses('x'.repeat(TOKEN_BYTES_MAX + 1), 'malformed');
  });

  it('refuses subjects that are none, and tokens bound to a key that nobody proves', async () => {
    for (const sub of [undefined, '', 'x'.repeat(256), 'a\nb', 'a\u0000', 7])
      await refuses(await issuer.token({ sub: sub as string }), 'claims');
    await refuses(await issuer.token({ cnf: { jkt: 'thumb' } }), 'claims');
  });

  it('asks the issuer for its keys once, not once a token', async () => {
    const before = issuer.requests();
    for (let n = 0; n < 20; n += 1) await verifier.verify(await issuer.token());
    for (let n = 0; n < 20; n += 1)
      await refuses(await issuer.token({}, { kid: `unheard-of-${String(n)}` }), 'signature');
    expect(issuer.requests()).toBe(before);
  });

  it('says 503, not 401, while the keys cannot be read, and to the log why', async () => {
    const down = await startSignedIssuer();
    const fresh = new JoseTokenVerifier(new AccessOptions({ issuers: [options(down)] }), clock);
    down.answerWith(500);
    const token = await down.token();
    const refused = {
      code: 'access/issuer-unavailable',
      details: {},
      cause: {
        message: `no keys of ${down.issuer}`,
        cause: { message: 'discovery answered 500' },
      },
    };
    const met = await Promise.allSettled([fresh.verify(token)]);
    // Nobody asks again so soon: the reason is still the one that was met.
    const held = await Promise.allSettled([fresh.verify(token)]);
    await down.close();
    for (const outcome of [...met, ...held]) expect(outcome).toMatchObject({ reason: refused });
    await expect(fresh.verify(token)).rejects.toMatchObject({ code: 'access/issuer-unavailable' });
  });

  it('goes on with the keys that it knows while the issuer is away, whatever strangers send', async () => {
    const away = await startSignedIssuer();
    const own = new JoseTokenVerifier(new AccessOptions({ issuers: [options(away)] }), clock);
    await own.verify(await away.token());
    const [token, unknown] = [await away.token(), await away.token({}, { kid: 'unheard-of' })];
    await away.close();
    const now = Date.now.bind(Date);
    const later = jest.spyOn(Date, 'now').mockImplementation(() => now() + JWKS_COOLDOWN_MS);
    try {
      const outcomes = await Promise.allSettled([
        own.verify(unknown),
        own.verify(unknown).catch(() => own.verify(token)),
        own.verify(unknown).catch(() => own.verify(unknown)),
      ]);
      expect(outcomes).toMatchObject([
        { reason: { code: 'access/issuer-unavailable' } },
        { value: { subject: 'sam' } },
        { reason: { code: 'access/issuer-unavailable' } },
      ]);
      // A key that the issuer withdrew meanwhile is believed so long and no longer.
      later.mockImplementation(() => now() + JWKS_AGE_MS_MAX);
      await expect(own.verify(token)).rejects.toMatchObject({ code: 'access/issuer-unavailable' });
    } finally {
      later.mockRestore();
    }
  });

  it('takes keys over https only, but on loopback', () => {
    for (const bad of [
      'http://id.example',
      'ftp://id.example',
      'id.example',
      'https://user:pw@id.example',
    ])
      expect(() => new AccessOptions({ issuers: [{ ...options(issuer), issuer: bad }] })).toThrow(
        TypeError,
      );
    expect(
      () =>
        new AccessOptions({ issuers: [{ ...options(issuer), jwksUri: 'http://id.example/jwks' }] }),
    ).toThrow(TypeError);
    expect(() => new AccessOptions({ issuers: [options(issuer), options(issuer)] })).toThrow(
      TypeError,
    );
  });
});
