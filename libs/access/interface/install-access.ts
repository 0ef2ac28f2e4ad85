import type { INestApplication } from '@nestjs/common';
import { RequestGate } from '../request-gate.js';
import type { AccessReply, AccessRequest } from './request.js';

interface HookedServer {
  addHook(
    name: 'onRequest',
    hook: (request: AccessRequest, reply: AccessReply) => Promise<void>,
  ): unknown;
}

/**
 * Puts the gate in front of every route of the server, also of those that are no Nest handlers (GraphQL, documents, what
 * does not exist), before a body is read. Call it before `app.init()`.
 */
export function installAccess(app: INestApplication): void {
  const gate = app.get(RequestGate);
  const server = app.getHttpAdapter().getInstance() as HookedServer;
  server.addHook('onRequest', async (request, reply) => {
    await gate.admit(request, reply);
  });
}
