// One PostgreSQL for the whole run, started when the first test asks for a database: runs of pure specs stay quick.
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import './load-typescript.mjs';

const FOLDER_PREFIX = 'keyledger-test-';
/** Of several suites at once, each of which may run the product more than once. */
const CONNECTIONS_MAX = '500';

export default async function globalSetup() {
  const { startEmbeddedPostgres, discardEmbeddedPostgres } =
    await import('../../libs/platform/embedded-postgres/index.ts');
  await removeLeftovers(discardEmbeddedPostgres);
  const secret = `/${randomUUID()}`;
  let folder;
  let server;
  let starting;

  async function start() {
    folder = mkdtempSync(path.join(tmpdir(), FOLDER_PREFIX));
    chmodSync(folder, 0o711);
    // `fsync` stays on: the event store refuses a server without it.
    server = await startEmbeddedPostgres({
      folder,
      settings: { max_connections: CONNECTIONS_MAX },
    });
    return server;
  }

  const broker = createServer(async (request, response) => {
    // A worker asks again seconds later: on a connection that was kept it could meet its end, which is an error of the call.
    response.setHeader('connection', 'close');
    if (request.url !== secret) return response.writeHead(404).end();
    try {
      starting ??= start();
      const { url, adminUrl } = await starting;
      response.end(JSON.stringify({ url, adminUrl }));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise((resolve) => broker.listen(0, '127.0.0.1', resolve));
  broker.unref();
  process.env.KEYLEDGER_TEST_POSTGRES = `http://127.0.0.1:${broker.address().port}${secret}`;

  // An interrupted run has no teardown.
  const endAtExit = () => server && process.kill(server.serverProcessId, 'SIGINT');
  process.once('exit', endAtExit);

  globalThis.keyledgerTestPostgres = {
    async stop() {
      process.off('exit', endAtExit);
      broker.close();
      broker.closeAllConnections();
      const started = await starting?.catch(() => undefined);
      await started?.stop();
      if (folder) await discardEmbeddedPostgres(folder);
    },
  };
}

/** Servers of runs that were killed. A folder whose run lives is locked, and stays. */
async function removeLeftovers(discard) {
  for (const name of readdirSync(tmpdir()).filter((name) => name.startsWith(FOLDER_PREFIX))) {
    try {
      await discard(path.join(tmpdir(), name));
    } catch {
      // In use, or another user's.
    }
  }
}
