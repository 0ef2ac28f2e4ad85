import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

describe('the log of requests', () => {
  let product: TestApplication;
  beforeAll(async () => {
    product = await testApplication();
  });
  afterAll(() => product.close());

  it.each([
    ['/v1/networks', 1],
    ['/metrics', 1],
    ['/.well-known/oauth-protected-resource', 1],
    ['/health/ready', 0],
    ['/health/live', 0],
  ])('has of %s as many lines as it should: %i', async (path, lines) => {
    product.logged.length = 0;
    await product.app.inject({ method: 'GET', url: `${path}?secret=1` });
    const told = product.logged.filter((line) => line.includes('request completed'));
    expect(told.map((line) => (JSON.parse(line) as { req: { path: string } }).req.path)).toEqual(
      Array.from({ length: lines }, () => path),
    );
  });
});
