import { createRequire } from 'node:module';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

export const GRAPHIQL_PATH = '/graphiql';
const SCRIPT = 'text/javascript';

/** Styles are partly set by the editor's script, which also draws its fonts from its styles. */
export const GRAPHIQL_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; img-src 'self' data:; worker-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Keyledger: GraphiQL</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${GRAPHIQL_PATH}/app.css" />
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
    <script src="${GRAPHIQL_PATH}/app.js"></script>
    <script src="${GRAPHIQL_PATH}/start.js"></script>
  </body>
</html>
`;

/** A token that a person pastes is kept in the page and nowhere else. */
const START = `self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_, label) => '${GRAPHIQL_PATH}/' + label + '.worker.js',
};
YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  endpoint: '/graphql',
  method: 'POST',
  credentials: 'omit',
  title: 'Keyledger',
  headers: '{ "Authorization": "Bearer TOKEN" }',
  defaultEditorToolsVisibility: 'headers',
  defaultQuery: '# Put an access token into Headers, in the place of TOKEN:\\n# after npx keyledger login, npx keyledger token prints yours.\\n{\\n  me {\\n    type\\n    subject\\n    networkId\\n  }\\n}\\n',
  shouldPersistHeaders: false,
});
`;

const BUNDLE = '@graphql-yoga/render-graphiql/graphiql';

/** GraphiQL for development, from this installation alone: its package is a development dependency. */
@Injectable()
export class GraphiqlPages implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    if (!isInstalled()) {
      new Logger(GraphiqlPages.name).warn(
        'GraphiQL is not installed: it comes with the development dependencies (npm ci)',
      );
      return;
    }
    const server: FastifyInstance = this.host.httpAdapter.getInstance();
    const serve = (path: string, type: string, content: () => Promise<string>) =>
      server.get(`${GRAPHIQL_PATH}${path}`, async (_, reply) =>
        reply
          .type(`${type}; charset=utf-8`)
          .header('content-security-policy', GRAPHIQL_POLICY)
          .send(await content()),
      );
    serve('', 'text/html', () => Promise.resolve(PAGE));
    serve('/start.js', SCRIPT, () => Promise.resolve(START));
    // Nine megabytes that only whoever opens the page needs.
    const bundle = () => import('@graphql-yoga/render-graphiql/graphiql');
    serve('/app.css', 'text/css', async () => (await bundle()).css);
    serve('/app.js', SCRIPT, async () => (await bundle()).js);
    serve(
      '/editorWorkerService.worker.js',
      SCRIPT,
      async () => (await bundle()).editorWorkerService,
    );
    serve('/graphql.worker.js', SCRIPT, async () => (await bundle()).graphqlWorker);
    serve('/json.worker.js', SCRIPT, async () => (await bundle()).jsonWorker);
  }
}

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve(BUNDLE);
    return true;
  } catch {
    return false;
  }
}
