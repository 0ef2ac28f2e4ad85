// Brings the head of every page in docs/errors up to the catalogue, and starts the pages that are missing:
//   node test/support/write-error-pages.mjs
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import './load-typescript.mjs';

const { problemCatalogue } = await import('../../apps/composition/catalogue.ts');
const { errorPageHead } = await import('./error-pages.ts');
const { problemPage } = await import('../../libs/problems/index.ts');

const folder = path.resolve(import.meta.dirname, '../../docs/errors');
mkdirSync(folder, { recursive: true });
for (const code of problemCatalogue.codes()) {
  const file = path.join(folder, `${problemPage(code)}.md`);
  const head = errorPageHead(code, problemCatalogue.get(code));
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const body = before.includes('\n## ')
    ? before.slice(before.indexOf('\n## ') + 1)
    : '## Cause\n\n## What to do\n';
  writeFileSync(file, `${head}\n${body}`);
}
