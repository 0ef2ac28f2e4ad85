import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '#platform/config';
import { testDatabase, type TestDatabase } from '#test/postgres';
import { ApiClient, login, tokenSource } from '../keyledger/login/index.js';
import { startServer, type Server } from '../keyledger/serve/start-server.js';
import { DEVELOPMENT_USERS, readPasswords, USERS_FILE } from './index.js';
import { IDENTITY_FOLDER } from '../keyledger/serve/places.js';

describe('a development start', () => {
  let folder: string;
  let database: TestDatabase;
  let server: Server;
  const abort = new AbortController();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keyledger-dev-'));
    database = await testDatabase();
    const config = readConfig(
      {
        DATABASE_URL: database.url,
        KEYLEDGER_DATA_DIR: folder,
        KEYLEDGER_PORT: '0',
        KEYLEDGER_LOG_LEVEL: 'error',
      },
      folder,
    );
    server = await startServer({
      role: 'serve',
      config,
      signal: abort.signal,
      tell: () => undefined,
    });
  });
  afterAll(async () => {
    await server.close();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const clientOf = async (user: string) => {
    const environment = { KEYLEDGER_CONFIG_DIR: join(folder, `config-${user}`) };
    const passwordsFile = join(folder, IDENTITY_FOLDER, USERS_FILE);
    await login({
      api: server.url,
      as: { user, passwordsFile },
      tell: () => undefined,
      environment,
    });
    return new ApiClient({ baseUrl: server.url, token: tokenSource(server.url, environment) });
  };

  it('lets each test user in as who they are, by nothing but the API’s address and the password file', async () => {
    for (const { name, networkId, employee, partnerId } of DEVELOPMENT_USERS) {
      if (partnerId !== undefined) continue;
      const me = await (await clientOf(name)).get<Record<string, unknown>>('/v1/me');
      expect(me.status).toBe(200);
      expect(me.body['networkId']).toBe(networkId);
      if (employee)
        expect(JSON.stringify(me.body)).toContain(`"employeeId":${String(employee.employeeId)}`);
    }
  });

  it('keeps the networks of its users apart', async () => {
    const [sam, nora] = [await clientOf('sam'), await clientOf('nora')];
    const networkOf = (name: string) =>
      String(DEVELOPMENT_USERS.find((user) => user.name === name)?.networkId);
    await expect(sam.get(`/v1/networks/${networkOf('sam')}/employees`)).resolves.toMatchObject({
      status: 200,
    });
    await expect(sam.get(`/v1/networks/${networkOf('nora')}/employees`)).rejects.toMatchObject({
      status: 404,
    });
    await expect(nora.get(`/v1/networks/${networkOf('sam')}/employees`)).rejects.toMatchObject({
      status: 404,
    });
  });

  it('takes no other token', async () => {
    expect(readPasswords(join(folder, IDENTITY_FOLDER)).size).toBe(DEVELOPMENT_USERS.length);
    const stranger = new ApiClient({ baseUrl: server.url, token: () => Promise.resolve('junk') });
    await expect(stranger.get('/v1/me')).rejects.toMatchObject({
      status: 401,
      code: 'access/unauthenticated',
    });
  });
});
