import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

describe('pages of the API', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await testApplication();
  }, 60_000);
  afterAll(async () => {
    await application.close();
  });

  it.each([['/docs'], ['/graphiql']])(
    '%s loads what it needs within its own policy',
    async (page) => {
      const { status, headers, text } = await application.call(page);
      expect(status).toBe(200);
      expect(headers['content-type']).toContain('text/html');
      const policy = String(headers['content-security-policy']);
      const inline = [...text.matchAll(/<script>/g)];
      if (!policy.includes("script-src 'self' 'unsafe-inline'")) expect(inline).toEqual([]);
      const parts = [...text.matchAll(/(?:src|href)=['"]([^'"]+\.(?:js|css))['"]/g)];
      expect(parts.length).toBeGreaterThan(0);
      for (const [, part = ''] of parts) {
        const address = new URL(part, `https://keys.example.com${page}`);
        expect(address.origin).toBe('https://keys.example.com');
        const loaded = await application.call(address.pathname);
        expect([part, loaded.status]).toEqual([part, 200]);
        expect(policy).toMatch(part.endsWith('.css') ? /style-src 'self'/ : /script-src 'self'/);
      }
    },
  );

  it('keep their wider policies to themselves', async () => {
    for (const page of ['/health/live', '/docsy', '/openapi.json', '/v1/me'])
      expect((await application.call(page)).headers['content-security-policy']).toBe(
        "default-src 'none';frame-ancestors 'none'",
      );
  });
});
