import { CredentialsFile } from './credentials.js';
import { LoginError, refresh } from './oauth.js';

/** An access token is renewed when it has less than this left. */
export const TOKEN_LEFT_MS_MIN = 30_000;

/** Gives the access token for the next request; `rejected` is one that the API has just refused. */
export type TokenSource = (rejected?: string) => Promise<string>;

/** `KEYLEDGER_TOKEN` for machines, else what `keyledger login` stored, renewed when it runs out. */
export function tokenSource(
  api: string,
  environment: NodeJS.ProcessEnv = process.env,
): TokenSource {
  const token = environment['KEYLEDGER_TOKEN'];
  if (token !== undefined && token !== '')
    return (rejected) =>
      rejected === token
        ? Promise.reject(
            new LoginError('KEYLEDGER_TOKEN was refused; is it expired, or of another issuer?'),
          )
        : Promise.resolve(token);
  const file = new CredentialsFile(environment);
  const usable = (rejected: string | undefined) => {
    const credentials = file.read(api);
    if (!credentials)
      throw new LoginError('not logged in; run `keyledger login`, or set KEYLEDGER_TOKEN');
    const { accessToken, expiresAt } = credentials;
    const fresh = new Date(expiresAt).getTime() - Date.now() >= TOKEN_LEFT_MS_MIN;
    return { credentials, token: fresh && accessToken !== rejected ? accessToken : undefined };
  };
  return async (rejected) =>
    usable(rejected).token ??
    file.exclusively(async () => {
      // Another command may have renewed it while this one waited.
      const { credentials, token: renewed } = usable(rejected);
      if (renewed !== undefined) return renewed;
      const next = await refresh(credentials);
      file.write(api, next);
      return next.accessToken;
    });
}
