// Writes the golden files that are missing, from today's examples and upcasters, and their digests. It changes none that
// is there: what a release once stored stays as it was. Node 24: node test/golden/add.mjs
import { createHash } from 'node:crypto';
import { registerHooks } from 'node:module';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import '../support/load-typescript.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
// The contexts' examples share a door with their contract suites, whose imports only Jest can satisfy.
const names = ['afterAll', 'afterEach', 'beforeAll', 'beforeEach', 'describe', 'expect', 'it', 'jest', 'test'];
const nothing = `data:text/javascript,${names.map((name) => `export const ${name} = undefined;`).join('')}`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals' ? { url: nothing, shortCircuit: true } : next(specifier, context),
});
await import('reflect-metadata');
const { eventCatalogue } = await import('../../apps/composition/catalogue.ts');
const { examples } = await import('./examples.ts');

const digestsFile = path.join(folder, 'digests.json');
const digests = existsSync(digestsFile) ? JSON.parse(readFileSync(digestsFile, 'utf8')) : {};
const added = [];
const missing = [];

for (const { type, definition } of eventCatalogue.types())
  for (let version = 1; version <= definition.version; version += 1) {
    const name = `${type}.v${version}.json`;
    if (version === definition.version && type in examples) add(name, examples[type]);
    else if (!existsSync(path.join(folder, name))) missing.push(name);
    if (version === definition.version || missing.includes(name)) continue;
    const stored = JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
    let data = stored;
    for (let from = version; from < definition.version; from += 1)
      data = definition.upcasters[from](data);
    add(`${type}.v${version}.as-v${definition.version}.json`, data);
  }

function add(name, content) {
  const file = path.join(folder, name);
  if (existsSync(file)) return;
  const text = `${JSON.stringify(content, null, 2)}\n`;
  writeFileSync(file, text, { flag: 'wx' });
  digests[name] = createHash('sha256').update(text).digest('hex');
  added.push(name);
}

const sorted = Object.fromEntries(Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(digestsFile, `${JSON.stringify(sorted, null, 2)}\n`);
console.log(added.length ? `added:\n  ${added.join('\n  ')}` : 'nothing to add');
if (missing.length) {
  console.error(`no example of:\n  ${missing.join('\n  ')}`);
  process.exitCode = 1;
}
