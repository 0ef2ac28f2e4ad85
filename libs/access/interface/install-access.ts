import type { INestApplication } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { ProblemCatalogue, ProblemFilter } from '#problems';
import { RequestGate } from '../request-gate.js';
import type { AccessReply, AccessRequest } from './request.js';

interface HookedServer {
  addHook(
    name: 'onRequest',
    hook: (request: AccessRequest, reply: AccessReply) => Promise<unknown>,
  ): unknown;
}

/**
 * Puts the gate in front of every route of the server, also of those that are no Nest handlers (GraphQL, documents, what
 * does not exist), before a body is read. Call it before `app.init()`.
 */
export function installAccess(app: INestApplication): void {
  const gate = app.get(RequestGate);
  const filter = new ProblemFilter(app.get(ProblemCatalogue));
  const server = app.getHttpAdapter().getInstance() as HookedServer;
  server.addHook('onRequest', async (request, reply) => {
    try {
      await gate.admit(request, reply);
    } catch (error) {
      // Rendered here: Fastify gives routes that were loaded before Nest set its error handler a handler of its own.
      filter.catch(error, new ExecutionContextHost([request, reply]));
      return reply;
    }
    return undefined;
  });
}
