import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { EventCatalogue, StoredEvent } from '../index.js';
import { position } from '../index.js';

/** `<Type>.v<n>.json`: an event's data as release n stored it. */
const STORED = /^([A-Z][A-Za-z0-9]*)\.v([1-9]\d*)\.json$/;
/** `<Type>.v<n>.as-v<m>.json`: what readers of version m make of it. */
const UPCAST = /^([A-Z][A-Za-z0-9]*)\.v([1-9]\d*)\.as-v([1-9]\d*)\.json$/;
const DIGESTS = 'digests.json';

/**
 * Old events stay readable: every version of every type in the catalogue has a stored example, which the catalogue
 * upcasts to just what was written down when the current version was made. Files are added, never edited or removed.
 * `examples`, typed by the contexts, are today's shapes: one that differs from its golden file needs a new version.
 */
export function goldenSuite(
  catalogue: EventCatalogue,
  folder: string,
  examples: Readonly<Record<string, object>>,
): void {
  const types = catalogue.types();
  const files = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== DIGESTS);
  const digests = contentOf(path.join(folder, DIGESTS)) as Readonly<Record<string, string>>;

  describe('golden events', () => {
    describe.each(types.map(({ type, definition }) => [type, definition.version] as const))(
      '%s',
      (type, current) => {
        it.each(Array.from({ length: current }, (_, i) => i + 1))(
          `version %i reads as version ${String(current)}`,
          (version) => {
            const stored = contentOf(path.join(folder, `${type}.v${String(version)}.json`));
            const expected =
              version === current
                ? stored
                : contentOf(
                    path.join(folder, `${type}.v${String(version)}.as-v${String(current)}.json`),
                  );
            expect(catalogue.decode(storedEvent(type, version, stored)).data).toEqual(expected);
          },
        );
      },
    );

    it.each(types.map(({ type, definition }) => [type, definition.version] as const))(
      '%s is still written as version %i was recorded',
      (type, current) => {
        expect(examples[type]).toEqual(
          contentOf(path.join(folder, `${type}.v${String(current)}.json`)),
        );
      },
    );

    it.each(types.map(({ type, definition }) => [type, definition] as const))(
      '%s fits its schema, and no longer does with any field of another kind, or one more or less',
      (type, { data: schema }) => {
        const example = examples[type];
        expect(schema?.problem(example, 'data')).toBeUndefined();
        const accepted = spoiled(example).filter(
          ({ value }) => schema?.problem(value, 'data') === undefined,
        );
        expect(accepted.map(({ how }) => how)).toEqual([]);
        expect(schema?.problem({ ...example, unheardOf: 1 }, 'data')).toBeDefined();
      },
    );

    it('belong to types and versions that the catalogue still reads', () => {
      const versions = new Map(types.map(({ type, definition }) => [type, definition.version]));
      const strangers = files.filter((file) => {
        const [, type = '', version] = STORED.exec(file) ?? UPCAST.exec(file) ?? [];
        return Number(version ?? Infinity) > (versions.get(type) ?? 0);
      });
      expect(strangers).toEqual([]);
    });

    it('are what they were when they were added', () => {
      const now = Object.fromEntries(
        files.map((file) => [file, digestOf(readFileSync(path.join(folder, file)))]),
      );
      expect(now).toEqual(digests);
    });
  });
}

/** The example with each part of it, one at a time, replaced by what no field of ours is. */
function spoiled(value: unknown, at = 'data'): readonly { how: string; value: unknown }[] {
  const own = [undefined, { unheardOf: 1 }, [[]], 1.5, '\0'].map((other) => ({
    how: `${at} is ${other === undefined ? 'undefined' : JSON.stringify(other)}`,
    value: other,
  }));
  if (typeof value !== 'object' || value === null) return own;
  const parts = Object.entries(value).flatMap(([name, part]: [string, unknown]) =>
    spoiled(part, `${at}/${name}`)
      // An optional field may be missing.
      .filter(({ value: other }) => other !== undefined)
      .map(({ how, value: other }) => ({
        how,
        value: Array.isArray(value)
          ? value.map((item: unknown, index) => (String(index) === name ? other : item))
          : { ...value, [name]: other },
      })),
  );
  return [...own, ...parts];
}

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function contentOf(file: string): unknown {
  if (!existsSync(file))
    throw new Error(`${path.basename(file)} is missing: node test/golden/add.mjs writes it`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

const storedEvent = (type: string, schemaVersion: number, data: unknown): StoredEvent => ({
  id: '00000000-0000-4000-8000-000000000000',
  type,
  data: JSON.stringify(data),
  metadata: JSON.stringify({ schemaVersion }),
  streamId: 'golden',
  revision: 0n,
  position: position(1n),
  storedAt: new Date(0),
});
