import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';

const GUIDE = 'docs/guides/platform-engineers.md';
const named = (text: string) =>
  [
    ...new Set([...text.matchAll(/\b(?:KEYLEDGER_[A-Z_]+|DATABASE_URL)\b/g)].map(([name]) => name)),
  ].sort();

describe('the guide for platform engineers', () => {
  it('has a row for every variable that the server reads, and for no other', async () => {
    const rows = (await readFile(GUIDE, 'utf8')).matchAll(/^\| `([A-Z_]+)` /gm);
    const read = named(await readFile('libs/platform/config/config.ts', 'utf8'));
    expect([...rows].map(([, name]) => name).sort()).toEqual(read);
    expect(read.length).toBeGreaterThan(10);
  });

  it('names no variable that nothing reads', async () => {
    const sources = await Promise.all(
      [
        'libs/platform/config/config.ts',
        'apps/keyledger/commands/login.command.ts',
        'apps/keyledger/login/token-source.ts',
        'apps/keyledger/login/credentials.ts',
      ].map((file) => readFile(file, 'utf8')),
    );
    const known = named(sources.join('\n'));
    for (const file of [GUIDE, 'README.md'])
      for (const name of named(await readFile(file, 'utf8'))) expect(known).toContain(name);
  });
});
