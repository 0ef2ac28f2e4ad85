import type { Authorizer } from '#access';
import type { DecideService } from '#messaging';
import type { Peppers } from '#sealing';
import { CreateNetworkHandler } from '../commands/create-network/create-network.handler.js';
import { IssueWebhookCredentialHandler } from '../commands/issue-webhook-credential/issue-webhook-credential.handler.js';
import type { CreateNetwork, IssueWebhookCredential, NetworkEvent } from '../index.js';
import { DEFAULT_KEY_POLICY, defaultApiProfile } from '../index.js';

/** One event of each type as it is written now, for golden files. */
export const networkEventExamples: {
  readonly [Type in NetworkEvent['type']]: Extract<NetworkEvent, { type: Type }>['data'];
} = {
  NetworkCreated: { name: 'Northwind Media', region: 'eu' },
  NetworkKeyPolicySet: { policy: { ...DEFAULT_KEY_POLICY, activeKeysMax: 3 } },
  NetworkApiProfileSet: defaultApiProfile('eu'),
  WebhookCredentialIssued: {
    credentialId: '6f1c1b4e-3f0a-5b83-9f6a-0b7a5f4f2d11',
    pepperId: 'pepper-1',
    hash: 'a3f1c2d4e5b60718293a4b5c6d7e8f90a3f1c2d4e5b60718293a4b5c6d7e8f90',
    label: 'Partner Created',
  },
  WebhookCredentialRevoked: { credentialId: '6f1c1b4e-3f0a-5b83-9f6a-0b7a5f4f2d11' },
};

/** The commands that other contexts' tests begin with. */
export function networkCommands(ports: {
  readonly authorizer: Authorizer;
  readonly decisions: DecideService;
  readonly peppers: Peppers;
}) {
  const create = new CreateNetworkHandler(ports.authorizer, ports.decisions);
  const issue = new IssueWebhookCredentialHandler(ports.authorizer, ports.decisions, ports.peppers);
  return {
    create: (command: CreateNetwork) => create.execute(command),
    issue: (command: IssueWebhookCredential) => issue.execute(command),
  };
}
