import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { comparePublicRoutes, PUBLIC_ROUTES } from '#access';
import { testApplication, type TestApplication } from '#test/application';
import { routesOf } from '../isolation/surface.js';

describe('routes that need no token', () => {
  let product: TestApplication;
  beforeAll(async () => {
    product = await testApplication();
  });
  afterAll(() => product.close());

  it('are those of the closed list, and no other: each route of the server was asked', async () => {
    const routes = routesOf(product);
    expect(routes.length).toBeGreaterThan(PUBLIC_ROUTES.length + 20);
    const asked = await Promise.all(
      routes.map(async (route) => {
        const [method = '', path = ''] = route.split(' ');
        const url = path.replace(/:\w+/g, '1').replace('*', 'x');
        const { status } = await product.call(url, { method: method as 'GET' });
        return { method, path, answersWithoutToken: status !== 401 };
      }),
    );
    // GraphiQL is there in development only.
    const absentAllowed = PUBLIC_ROUTES.map(({ path }) => path).filter((path) =>
      path.startsWith('/graphiql'),
    );
    expect(comparePublicRoutes(asked, absentAllowed)).toEqual({
      openButNotListed: [],
      listedButAbsent: [],
    });
  });

  it('answer probes and scrapers also where strangers at the same address have spent its budget', async () => {
    const few = { perSecond: 0.001, burst: 3 };
    const spent = await testApplication({ budgets: { addressRequests: few } });
    try {
      const statuses = async (url: string, times: number) => {
        const answers = [];
        for (let n = 0; n < times; n += 1) answers.push((await spent.call(url)).status);
        return answers;
      };
      expect(await statuses('/v1/share', 4)).toEqual([200, 200, 200, 429]);
      expect(await statuses('/v1/partners', 1)).toEqual([429]);
      expect(await statuses('/health/ready', 2)).toEqual([200, 200]);
      expect(await statuses('/metrics', 2)).toEqual([200, 429]);
      expect(await statuses('/health/live', 5)).toEqual([200, 200, 200, 200, 200]);
    } finally {
      await spent.close();
    }
  });

  it('answer a bad token with 401 where a token is optional, and what does not exist in any case', async () => {
    const options = { as: 'junk', body: {} };
    expect(await product.call('/v1/shares/open', options)).toMatchObject({ status: 401 });
    expect(await product.call('/v1/nothing-here')).toMatchObject({ status: 401 });
  });
});
