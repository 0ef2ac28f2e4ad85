import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { BudgetOptions } from '#access';
import { AccessOptions } from '#access';
import { readConfig } from '#platform/config';
import { createLogger, redacting } from '#platform/logging';
import { ReadModels, StaleReadError } from '#projections';
import { TestPatience } from '#projections/testing';
import { projections } from '../../apps/composition/catalogue.js';
import { openApiOf } from '../../apps/api/openapi.js';
import { startApi } from '../../apps/api/start-api.js';
import type { Foundations } from '../../apps/composition/foundations.js';
import { migrateDatabase, openFoundations } from '../../apps/composition/foundations.js';
import { startProjector } from '../../apps/projector/start-projector.js';
import { DescribedAnswers } from './described-answers.js';
import type { TestIssuer } from './issuer.js';
import { startTestIssuer, TEST_AUDIENCE } from './issuer.js';
import type { TestDatabase } from './postgres.js';
import { testDatabase } from './postgres.js';

export interface Call {
  readonly method?: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';
  /** A token; absent: none is sent. */
  readonly as?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: T;
  /** `X-Ledger-Position`. */
  readonly position: string;
}

/**
 * The whole product as `keyledger serve` composes it, on a fresh database and log, with an issuer of its own. What it
 * answers, and what it accepts, must be as it describes them: a call throws otherwise.
 */
export interface TestApplication {
  readonly app: NestFastifyApplication;
  readonly foundations: Foundations;
  readonly database: TestDatabase;
  readonly issuer: TestIssuer;
  /** Every line that was logged. */
  readonly logged: string[];
  readonly patience: TestPatience;
  call<T = Record<string, unknown>>(url: string, call?: Call): Promise<Answered<T>>;
  /** An operator's token. */
  operator(): Promise<string>;
  /** A token of an identity in a network; `employ` or a partner link makes it somebody. */
  token(subject: string, networkId: number): Promise<string>;
  /** Creates the network with a super user `super-<id>`, whose token it gives. */
  network(networkId: number): Promise<string>;
  /** An active partner with confirmed capacity and enough traits; `as`: a super user's token. */
  eligiblePartner(as: string, partnerId: number, managerId?: number): Promise<void>;
  close(): Promise<void>;
}

const SERVING_TIMEOUT_MS = 60_000;

/** The first build of each projection is shown once it is there. */
async function serving(readModels: ReadModels): Promise<void> {
  const deadline = Date.now() + SERVING_TIMEOUT_MS;
  for (;;)
    try {
      await readModels.read({ projections: projections.map(({ name }) => name) }, () =>
        Promise.resolve(),
      );
      return;
    } catch (error) {
      if (!(error instanceof StaleReadError) || Date.now() > deadline) throw error;
      await delay(20);
    }
}

const PUBLIC_URL = 'https://keys.example.com';

export async function testApplication(
  options: {
    readonly budgets?: Partial<BudgetOptions>;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestApplication> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const folder = await mkdtemp(path.join(tmpdir(), 'keyledger-e2e-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const database = await testDatabase();
  cleanups.push(() => database.drop());
  const issuer = await startTestIssuer();
  cleanups.push(() => issuer.close());
  const config = readConfig(
    { KEYLEDGER_DATA_DIR: folder, KEYLEDGER_LOG_LEVEL: 'info', ...options.environment },
    folder,
  );
  await migrateDatabase(config, database.url);
  const logged: string[] = [];
  const sink = {
    write: (line: string) => {
      logged.push(line);
    },
  };
  const foundations = await openFoundations({
    config,
    databaseUrl: database.url,
    processName: 'keyledger e2e',
    warn: () => undefined,
  });
  cleanups.push(() => foundations.close());
  const patience = new TestPatience();
  const app = await startApi({
    foundations,
    publicUrl: PUBLIC_URL,
    recordedBy: 'e2e',
    logSink: sink,
    readPatience: patience,
    access: new AccessOptions({
      issuers: [
        {
          issuer: issuer.issuer,
          audience: TEST_AUDIENCE,
          networkClaim: 'network_id',
          networks: 'any',
          operators: true,
        },
      ],
      budgets: {
        actorRequests: { perSecond: 10_000, burst: 10_000 },
        actorMutations: { perSecond: 10_000, burst: 10_000 },
        addressRequests: { perSecond: 10_000, burst: 10_000 },
        addressMutations: { perSecond: 10_000, burst: 10_000 },
        ...options.budgets,
      },
      recordedBy: 'e2e',
    }),
  });
  cleanups.push(() => app.close());
  const projector = startProjector({
    foundations,
    app,
    log: createLogger('warn', redacting(sink)),
    runnerId: 'e2e',
  });
  cleanups.push(() => projector.stop());

  const described = new DescribedAnswers(openApiOf(app));
  const call = async <T>(
    url: string,
    { method, as, body, headers }: Call = {},
  ): Promise<Answered<T>> => {
    const response = await app.inject({
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      url,
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const undescribed = described.problemsOf({
      method: response.raw.req.method ?? '',
      url,
      ...(body === undefined ? {} : { request: body }),
      token: as !== undefined,
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
    });
    if (undescribed.length > 0)
      throw new Error(`not as openapi.json describes it:\n${undescribed.join('\n')}`);
    const json = String(response.headers['content-type']).includes('json') && response.body !== '';
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      body: (json ? JSON.parse(response.body) : {}) as T,
      position: String(response.headers['x-ledger-position']),
    };
  };
  const operator = () => issuer.token({ subject: 'operator', operator: true });
  await serving(app.get(ReadModels));
  const token = (subject: string, networkId: number) => issuer.token({ subject, networkId });
  const must = async (url: string, as: string, body: unknown) => {
    const answered = await call(url, { as, body });
    if (answered.status >= 300)
      throw new Error(`${url}: ${String(answered.status)} ${answered.text}`);
    return answered;
  };

  return {
    app,
    foundations,
    database,
    issuer,
    logged,
    patience,
    call,
    operator,
    token,
    network: async (networkId) => {
      const as = await operator();
      await must('/v1/networks', as, {
        networkId,
        name: `Network ${String(networkId)}`,
        region: 'us',
      });
      const subject = `super-${String(networkId)}`;
      await must(`/v1/networks/${String(networkId)}/employees`, as, {
        employeeId: 1,
        issuer: issuer.issuer,
        subject,
        superUser: true,
        permissions: [],
        scope: 'global',
      });
      return token(subject, networkId);
    },
    eligiblePartner: async (as, partnerId, managerId) => {
      const at = `/v1/partners/${String(partnerId)}`;
      await must('/v1/partners', as, {
        partnerId,
        name: `Partner ${String(partnerId)}`,
        status: 'active',
        ...(managerId === undefined ? {} : { managerId }),
      });
      await must(`${at}/technical-capacity/confirm`, as, { evidence: 'sandbox run' });
      await must(`${at}/traits`, as, {
        traits: {
          recurringReportRequests: true,
          ownTooling: true,
          steadyTraffic: true,
          goodStanding: true,
        },
      });
    },
    close: async () => {
      for (const cleanup of cleanups.reverse()) await cleanup();
    },
  };
}
