import { ApiClient, ApiError, loginWithPassword } from '../keyledger/login/index.js';
import { DEVELOPMENT_NETWORKS, DEVELOPMENT_USERS } from './development-users.js';
import type { IdentityProvider } from './identity-provider.js';

export interface SeedOptions {
  /** Where the API answers. */
  readonly api: string;
  readonly provider: Pick<IdentityProvider, 'issuer' | 'users'>;
  readonly signal?: AbortSignal;
}

/**
 * Creates the two development networks and admits the test employees, through the public API as a person would:
 * the operator creates the networks and admits their super users, who admit the others. Safe to repeat: it happens once,
 * and what people changed since stays changed.
 */
export async function seedDevelopment({ api, provider, signal }: SeedOptions): Promise<void> {
  const operator = DEVELOPMENT_USERS.find(({ networkId }) => networkId === null);
  for (const network of DEVELOPMENT_NETWORKS) {
    await once(operator?.name, `network-${String(network.networkId)}`, '/v1/networks', network);
    const employees = DEVELOPMENT_USERS.filter(
      (user) => user.networkId === network.networkId && user.employee,
    );
    const superUser = employees.find(({ employee }) => employee?.superUser);
    for (const { name, employee } of employees)
      await once(
        name === superUser?.name ? operator?.name : superUser?.name,
        `employee-${String(network.networkId)}-${name}`,
        `/v1/networks/${String(network.networkId)}/employees`,
        { ...employee, issuer: provider.issuer, subject: name },
      );
  }

  async function once(
    as: string | undefined,
    key: string,
    path: string,
    body: unknown,
  ): Promise<void> {
    const client = new ApiClient({ baseUrl: api, token: () => tokenOf(as) });
    try {
      await client.post(path, body, {
        idempotencyKey: `development-seed-${key}`,
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      // Done before, and changed by people since: theirs counts.
      if (!(error instanceof ApiError) || ![403, 404, 409, 422].includes(error.status)) throw error;
    }
  }

  async function tokenOf(name: string | undefined): Promise<string> {
    const user = provider.users.find((one) => one.name === name);
    const { accessToken } = await loginWithPassword({
      issuer: provider.issuer,
      user: user?.name ?? '',
      password: user?.password ?? '',
    });
    return accessToken;
  }
}
