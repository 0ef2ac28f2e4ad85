import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { errorPageFaults } from '#test/error-pages';
import { problemCatalogue } from '../../apps/composition/catalogue.js';

const PAGES = path.resolve('docs/errors');

describe('docs/errors', () => {
  it('explains every code of the catalogue, and no other (node test/support/write-error-pages.mjs)', () => {
    expect(errorPageFaults(problemCatalogue, PAGES)).toEqual([]);
  });

  describe('with faults planted', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'keyledger-pages-'));
      cpSync(PAGES, folder, { recursive: true });
    });
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    it('tells of a page that is missing, unknown, outdated or empty', () => {
      const change = (name: string, edit: (text: string) => string) => {
        const file = path.join(folder, name);
        writeFileSync(file, edit(readFileSync(file, 'utf8')));
      };
      rmSync(path.join(folder, 'keys-key-revoked.md'));
      writeFileSync(path.join(folder, 'keys-unheard-of.md'), '# Never heard of\n');
      change('request-conflict.md', (text) => text.replace('HTTP 409', 'HTTP 500'));
      change('request-internal.md', (text) => text.slice(0, text.indexOf('## What to do')));
      expect(errorPageFaults(problemCatalogue, folder)).toEqual([
        'keys-unheard-of.md: no such code',
        'keys-key-revoked.md: missing',
        'request-conflict.md: its head is not as the catalogue says',
        'request-internal.md: "What to do" says too little',
      ]);
    });
  });
});
