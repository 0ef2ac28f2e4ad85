import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Script } from 'node:vm';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

describe('pages of the API', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await testApplication();
  });
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
      expect(text).toMatch(/<html lang="en"/);
      expect(text).toMatch(/<title>Keyledger: [^<]+<\/title>/);
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

  it('of GraphiQL come from this server alone, workers too, and keep no token', async () => {
    const { headers, text } = await application.call('/graphiql');
    const policy = String(headers['content-security-policy']);
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
    expect(text).not.toMatch(/https?:\/\/|<script>/);
    const start = await application.call('/graphiql/start.js');
    expect(start.text).not.toMatch(/https?:\/\//);
    expect(start.text).toContain("endpoint: '/graphql'");
    expect(start.text).toContain('shouldPersistHeaders: false');
    const scripts = ['app', 'editorWorkerService.worker', 'graphql.worker', 'json.worker'];
    for (const script of scripts) {
      const loaded = await application.call(`/graphiql/${script}.js`);
      expect([script, loaded.status, loaded.headers['content-type']]).toEqual([
        script,
        200,
        'text/javascript; charset=utf-8',
      ]);
      // A worker is held to the policy that it comes with.
      expect(loaded.headers['content-security-policy']).toBe(policy);
      expect(loaded.text).not.toMatch(/\beval\(|new Function\(|importScripts\(['"]http/);
      expect(() => new Script(loaded.text)).not.toThrow();
    }
    const { text: css } = await application.call('/graphiql/app.css');
    expect(css).not.toMatch(/@import|url\((?!['"]?data:)/);
    expect((await application.call('/graphiql/app.js')).text).toContain('renderYogaGraphiQL');
  });

  it('of GraphiQL are not there in production', async () => {
    const production = await testApplication({ environment: { KEYLEDGER_GRAPHIQL: 'false' } });
    try {
      const sam = await production.network(1);
      for (const page of ['', '/app.js', '/start.js'])
        expect((await production.call(`/graphiql${page}`, { as: sam })).status).toBe(404);
    } finally {
      await production.close();
    }
  });

  it('keep their wider policies to themselves', async () => {
    for (const page of ['/health/live', '/docsy', '/openapi.json', '/v1/me'])
      expect((await application.call(page)).headers['content-security-policy']).toBe(
        "default-src 'none';frame-ancestors 'none'",
      );
  });
});
