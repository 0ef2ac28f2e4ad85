import { SetMetadata } from '@nestjs/common';

/** `none`: a token is not looked at. `optional`: a request without one passes, a bad one is refused. */
export type PublicAccess = 'none' | 'optional';

export interface PublicRoute {
  readonly method: string;
  /** As Fastify registers it (`/v1/shares/open`, `/docs/*`). */
  readonly path: string;
  readonly token: PublicAccess;
  readonly why: string;
  /**
   * Probes often come from an address that strangers share (a load balancer, a node of a cluster). What strangers do must
   * not have them answered 429, and this process restarted. `operations`: a budget of their own at that address;
   * `none`: no budget.
   */
  readonly budget?: 'operations' | 'none';
}

const openPage = (path: string, why: string): PublicRoute => ({
  method: 'GET',
  path,
  token: 'none',
  why,
});

/** The closed list of routes that need no token. Whatever is not here needs one. */
export const PUBLIC_ROUTES: readonly PublicRoute[] = [
  {
    method: 'GET',
    path: '/health/live',
    token: 'none',
    why: 'probes carry no token',
    budget: 'none',
  },
  {
    method: 'GET',
    path: '/health/ready',
    token: 'none',
    why: 'probes carry no token',
    budget: 'operations',
  },
  {
    method: 'GET',
    path: '/.well-known/oauth-protected-resource',
    token: 'none',
    why: 'says where to get a token',
  },
  {
    method: 'GET',
    path: '/metrics',
    token: 'none',
    why: 'scrapers carry no token; counts only',
    budget: 'operations',
  },
  ...[
    '/openapi.json',
    '/docs',
    '/docs/',
    '/docs/*',
    '/docs/index.html',
    '/docs/LICENSE',
    '/docs/swagger-ui-init.js',
    '/docs/docs/swagger-ui-init.js',
  ].map((path) => openPage(path, 'the description of the API is public')),
  ...[
    '/graphiql',
    '/graphiql/app.css',
    '/graphiql/app.js',
    '/graphiql/start.js',
    '/graphiql/editorWorkerService.worker.js',
    '/graphiql/graphql.worker.js',
    '/graphiql/json.worker.js',
  ].map((path) =>
    openPage(path, 'development only; the page sends the token that a person gives it'),
  ),
  {
    method: 'GET',
    path: '/v1/share',
    token: 'none',
    why: 'the page that a share link opens; it holds nothing',
  },
  {
    method: 'POST',
    path: '/v1/shares/open',
    token: 'optional',
    why: 'bound to a passphrase or to the partner’s users',
  },
  {
    method: 'POST',
    path: '/v1/webhooks/partners/created',
    token: 'none',
    why: 'a webhook credential speaks',
  },
  {
    method: 'POST',
    path: '/v1/webhooks/partners/updated',
    token: 'none',
    why: 'a webhook credential speaks',
  },
  {
    method: 'POST',
    path: '/v1/webhooks/partners/signed-up',
    token: 'none',
    why: 'a webhook credential speaks',
  },
  {
    method: 'POST',
    path: '/v1/webhooks/partners/sign-up-verdict',
    token: 'none',
    why: 'a webhook credential speaks',
  },
];

const IS_PUBLIC = 'keyledger:public';

/** This handler needs no token. Its route must also stand in `PUBLIC_ROUTES`: the guard believes only both together. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(IS_PUBLIC, true);
export const PUBLIC_METADATA = IS_PUBLIC;

export interface RegisteredRoute {
  readonly method: string;
  readonly path: string;
}

/** The list's entry of a route; `HEAD` is as public as its `GET`. */
export function publicRoute(method: string, path: string): PublicRoute | undefined {
  const asked = method === 'HEAD' ? 'GET' : method;
  return PUBLIC_ROUTES.find((route) => route.method === asked && route.path === path);
}

/**
 * Compares the closed list with the routes that are really registered and which of them answered without a token.
 * Both lists empty: they agree. `absentAllowed` names routes that only some compositions have (GraphiQL, metrics).
 */
export function comparePublicRoutes(
  registered: readonly (RegisteredRoute & { readonly answersWithoutToken: boolean })[],
  absentAllowed: readonly string[] = [],
): { readonly openButNotListed: readonly string[]; readonly listedButAbsent: readonly string[] } {
  const name = (route: RegisteredRoute) => `${route.method} ${route.path}`;
  return {
    openButNotListed: registered
      .filter((route) => route.answersWithoutToken && !publicRoute(route.method, route.path))
      .map(name),
    listedButAbsent: PUBLIC_ROUTES.filter(
      (listed) =>
        !absentAllowed.includes(listed.path) &&
        !registered.some((route) => route.method === listed.method && route.path === listed.path),
    ).map(name),
  };
}
