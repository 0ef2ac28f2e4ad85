import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { comparePublicRoutes, PUBLIC_ROUTES } from '#access';
import { testApplication, type TestApplication } from '#test/application';

interface Route {
  readonly method: string;
  readonly path: string;
}

/** Every route of the server, from its own tree of them. */
function routesOf({ app }: TestApplication): readonly Route[] {
  const server = app.getHttpAdapter().getInstance() as {
    printRoutes(options: { commonPrefix: boolean }): string;
  };
  const above: string[] = [];
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent, part, methods] = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
      if (indent === undefined || part === undefined) return [];
      above.splice(indent.length / 4, Infinity, part);
      return (methods?.split(', ') ?? []).map((method) => ({ method, path: above.join('') }));
    })
    .filter(({ method }) => method !== 'HEAD');
}

describe('routes that need no token', () => {
  let product: TestApplication;
  beforeAll(async () => {
    product = await testApplication();
  }, 120_000);
  afterAll(() => product.close());

  it('are those of the closed list, and no other: each route of the server was asked', async () => {
    const routes = routesOf(product);
    expect(routes.length).toBeGreaterThan(PUBLIC_ROUTES.length + 20);
    const asked = await Promise.all(
      routes.map(async (route) => {
        const url = route.path.replace(/:\w+/g, '1').replace('*', 'x');
        const { status } = await product.call(url, { method: route.method as 'GET' });
        return { ...route, answersWithoutToken: status !== 401 };
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

  it('answer a bad token with 401 where a token is optional, and what does not exist in any case', async () => {
    const options = { as: 'junk', body: {} };
    expect(await product.call('/v1/shares/open', options)).toMatchObject({ status: 401 });
    expect(await product.call('/v1/nothing-here')).toMatchObject({ status: 401 });
  });
});
