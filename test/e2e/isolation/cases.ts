import type { Ask } from './teller.js';

/** Whose things a case is about: one's own, or somebody else's. */
export interface Ids {
  readonly networkId: number;
  readonly partnerId: number;
  readonly employeeId: number;
  readonly marketplacePartnerId: number;
  readonly keyId: string;
  readonly shareId: string;
  readonly credentialId: string;
  readonly flagId: string;
}

type Case = (ids: Ids) => Ask;

export const TRAITS = {
  recurringReportRequests: true,
  ownTooling: true,
  steadyTraffic: true,
  goodStanding: true,
};
export const KEY_POLICY = {
  keyPrefix: 'kl',
  activeKeysMax: 3,
  eligibility: {
    threshold: 4,
    weights: {
      recurringReportRequests: 1,
      ownTooling: 1,
      steadyTraffic: 1,
      subIdGranularity: 1,
      bulkPostbacks: 1,
      goodStanding: 1,
    },
  },
  marketplaceSecretsListed: true,
  shareTtlSeconds: { default: 3_600, max: 86_400 },
  suspendOnFlag: true,
};
export const API_PROFILE = {
  baseUrl: 'https://api.example.com/v1',
  headerName: 'X-Example-Key',
  documentation: { affiliate: [], advertiser: [], network: [], marketplace: [] },
};
export const SHARE = {
  recipient: { type: 'holderUsers' },
  channel: 'email',
  reason: 'first hand-over',
  bound: 'passphrase',
};
const RIGHTS = { superUser: false, permissions: ['partners.read'], scope: 'global' };

const network: Case = ({ networkId }) => ({ params: { networkId } });
const employee: Case = ({ networkId, employeeId }) => ({ params: { networkId, employeeId } });
const partner: Case = ({ partnerId }) => ({ params: { partnerId } });
const key: Case = ({ keyId }) => ({ params: { keyId } });
const marketplace: Case = ({ marketplacePartnerId }) => ({ params: { marketplacePartnerId } });
const share: Case = ({ shareId }) => ({ params: { shareId } });
const saying =
  (place: Case, body: object | ((ids: Ids) => object)): Case =>
  (ids) => ({ ...place(ids), body: typeof body === 'function' ? body(ids) : body });
const affiliate = ({ partnerId }: Ids) => ({
  portal: 'affiliate',
  holder: { type: 'partner', id: partnerId },
});

/** Every route that names something, in its path or beside it. */
export const NAMING_ROUTES: Readonly<Record<string, Case>> = {
  'GET /v1/networks/:networkId': network,
  'PUT /v1/networks/:networkId/key-policy': saying(network, KEY_POLICY),
  'PUT /v1/networks/:networkId/api-profile': saying(network, API_PROFILE),
  'POST /v1/networks/:networkId/webhook-credentials': saying(network, { label: 'Vendor' }),
  'POST /v1/networks/:networkId/webhook-credentials/:credentialId/revoke': ({
    networkId,
    credentialId,
  }) => ({ params: { networkId, credentialId } }),
  'POST /v1/networks/:networkId/employees': saying(network, ({ employeeId }) => ({
    employeeId,
    issuer: 'https://id.example.com',
    subject: `employee-${String(employeeId)}`,
    ...RIGHTS,
  })),
  'GET /v1/networks/:networkId/employees': network,
  'GET /v1/networks/:networkId/employees/:employeeId': employee,
  'PATCH /v1/networks/:networkId/employees/:employeeId/rights': saying(employee, {
    scope: 'limited',
  }),
  'POST /v1/networks/:networkId/employees/:employeeId/remove': employee,
  'GET /v1/partners/:partnerId': partner,
  'GET /v1/partners/:partnerId/eligibility': partner,
  'POST /v1/partners/:partnerId/status': saying(partner, { status: 'active', reason: 'checked' }),
  'POST /v1/partners/:partnerId/manager': saying(partner, { managerId: 2 }),
  'POST /v1/partners/:partnerId/technical-capacity/confirm': saying(partner, {
    evidence: 'sandbox run',
  }),
  'POST /v1/partners/:partnerId/technical-capacity/withdraw': saying(partner, {
    reason: 'their engineer left',
  }),
  'POST /v1/partners/:partnerId/traits': saying(partner, { traits: TRAITS }),
  'POST /v1/partners/:partnerId/flags': saying(partner, { kind: 'fraud', reason: 'odd clicks' }),
  'POST /v1/partners/:partnerId/flags/:flagId/close': ({ partnerId, flagId }) => ({
    params: { partnerId, flagId },
    body: { reason: 'explained' },
  }),
  'POST /v1/partners/:partnerId/users': saying(partner, {
    issuer: 'https://id.example.com',
    subject: 'somebody',
  }),
  'POST /v1/partners/:partnerId/users/unlink': saying(partner, {
    issuer: 'https://id.example.com',
    subject: 'somebody',
  }),
  'POST /v1/api-keys': (ids) => ({ body: { ...affiliate(ids), label: 'Reporting' } }),
  'GET /v1/api-keys': ({ partnerId }) => ({ query: { partnerId } }),
  'GET /v1/api-keys/:keyId': key,
  'POST /v1/api-keys/:keyId/reveal': saying(key, { purpose: 'support' }),
  'POST /v1/api-keys/:keyId/revoke': saying(key, { reason: 'unused' }),
  'POST /v1/api-keys/:keyId/reissue': saying(key, { reason: 'leaked' }),
  'POST /v1/api-keys/:keyId/suspend': saying(key, { reason: 'under review' }),
  'POST /v1/api-keys/:keyId/reinstate': saying(key, { reason: 'reviewed' }),
  'POST /v1/api-keys/:keyId/relabel': saying(key, { label: 'Dashboard' }),
  'POST /v1/api-keys/:keyId/shares': saying(key, SHARE),
  'POST /v1/key-rings/suspend': (ids) => ({ body: { ...affiliate(ids), reason: 'under review' } }),
  'POST /v1/key-rings/reinstate': (ids) => ({ body: { ...affiliate(ids), reason: 'reviewed' } }),
  'GET /v1/shares': ({ keyId }) => ({ query: { keyId } }),
  'GET /v1/shares/:shareId': share,
  'POST /v1/shares/:shareId/end': share,
  'POST /v1/me/api/keys/:keyId/reveal': ({ keyId }) => ({
    params: { keyId },
    as: 'partnerUser',
  }),
  'GET /v1/marketplace-partners/:marketplacePartnerId': marketplace,
  'POST /v1/marketplace-partners/:marketplacePartnerId/connections': saying(
    marketplace,
    ({ partnerId }) => ({ partnerId }),
  ),
  'POST /v1/marketplace-partners/:marketplacePartnerId/connections/remove': saying(
    marketplace,
    ({ partnerId }) => ({ partnerId, reason: 'contract ended' }),
  ),
  'POST /v1/marketplace-partners/:marketplacePartnerId/users': saying(marketplace, {
    issuer: 'https://id.example.com',
    subject: 'somebody else',
  }),
  'POST /v1/marketplace-partners/:marketplacePartnerId/users/unlink': saying(marketplace, {
    issuer: 'https://id.example.com',
    subject: 'somebody else',
  }),
  'GET /v1/marketplace-partners/:marketplacePartnerId/api-keys': marketplace,
  'GET /v1/audit': ({ partnerId }) => ({ query: { partnerId } }),
};

/** Every field of GraphQL that names something. */
export const NAMING_FIELDS: Readonly<
  Record<string, (ids: Ids) => Readonly<Record<string, unknown>>>
> = {
  'query network': ({ networkId }) => ({ networkId }),
  'query employee': ({ networkId, employeeId }) => ({ networkId, employeeId }),
  'query employees': ({ networkId }) => ({ networkId, first: 10 }),
  'query partner': ({ partnerId }) => ({ partnerId }),
  'query apiKey': ({ keyId }) => ({ keyId }),
  'query apiKeys': ({ partnerId }) => ({ partnerId, first: 5 }),
  'query auditTrail': ({ partnerId }) => ({ partnerId, first: 5 }),
  'query share': ({ shareId }) => ({ shareId }),
  'query shares': ({ keyId }) => ({ keyId, first: 5 }),
  'query partnerEligibility': ({ partnerId }) => ({ partnerId }),
  'query marketplacePartner': ({ marketplacePartnerId }) => ({ marketplacePartnerId }),
  'query connectionKeys': ({ marketplacePartnerId }) => ({ marketplacePartnerId, first: 5 }),
  'mutation connectMarketplacePartner': ({ marketplacePartnerId, partnerId }) => ({
    marketplacePartnerId,
    partnerId,
  }),
  'mutation disconnectMarketplacePartner': ({ marketplacePartnerId, partnerId }) => ({
    marketplacePartnerId,
    partnerId,
    reason: 'contract ended',
  }),
  'mutation linkMarketplaceUser': ({ marketplacePartnerId }) => ({
    marketplacePartnerId,
    user: { issuer: 'https://id.example.com', subject: 'one of theirs' },
  }),
  'mutation unlinkMarketplaceUser': ({ marketplacePartnerId }) => ({
    marketplacePartnerId,
    user: { issuer: 'https://id.example.com', subject: 'one of theirs' },
  }),
  'mutation admitEmployee': ({ networkId, employeeId }) => ({
    input: {
      networkId,
      employeeId,
      issuer: 'https://id.example.com',
      subject: `graphql-${String(employeeId)}`,
      ...RIGHTS,
    },
  }),
  'mutation changeEmployeeRights': ({ networkId, employeeId }) => ({
    input: { networkId, employeeId, scope: 'limited' },
  }),
  'mutation removeEmployee': ({ networkId, employeeId }) => ({ networkId, employeeId }),
  'mutation confirmTechnicalCapacity': ({ partnerId }) => ({ partnerId, evidence: 'a script' }),
  'mutation withdrawTechnicalCapacity': ({ partnerId }) => ({ partnerId, reason: 'it broke' }),
  'mutation assessPartnerTraits': ({ partnerId }) => ({ partnerId, traits: TRAITS }),
  'mutation assignPartnerManager': ({ partnerId }) => ({ partnerId, managerId: 2 }),
  'mutation changePartnerStatus': ({ partnerId }) => ({
    partnerId,
    status: 'active',
    reason: 'checked',
  }),
  'mutation openFlag': ({ partnerId }) => ({ partnerId, kind: 'quality', reason: 'late' }),
  'mutation closeFlag': ({ partnerId, flagId }) => ({ partnerId, flagId, reason: 'on time' }),
  'mutation linkPartnerUser': ({ partnerId }) => ({
    partnerId,
    user: { issuer: 'https://id.example.com', subject: 'anybody' },
  }),
  'mutation unlinkPartnerUser': ({ partnerId }) => ({
    partnerId,
    user: { issuer: 'https://id.example.com', subject: 'anybody' },
  }),
  'mutation setKeyPolicy': ({ networkId }) => ({ networkId, policy: KEY_POLICY }),
  'mutation setApiProfile': ({ networkId }) => ({ networkId, profile: API_PROFILE }),
  'mutation issueWebhookCredential': ({ networkId }) => ({ networkId, label: 'Vendor' }),
  'mutation revokeWebhookCredential': ({ networkId, credentialId }) => ({
    networkId,
    credentialId,
  }),
  'mutation issueApiKey': (ids) => ({ input: { ...affiliate(ids), label: 'By GraphQL' } }),
  'mutation revealApiKey': ({ keyId }) => ({ input: { keyId, purpose: 'support' } }),
  'mutation revealMyApiKey': ({ keyId }) => ({ input: { keyId } }),
  'mutation relabelApiKey': ({ keyId }) => ({ input: { keyId, label: 'Another' } }),
  'mutation shareApiKey': ({ keyId }) => ({
    input: {
      keyId,
      recipient: { type: 'contact', reference: 'crm-1' },
      channel: 'phone',
      reason: 'first hand-over',
      bound: 'passphrase',
    },
  }),
  'mutation endShare': ({ shareId }) => ({ input: { shareId } }),
  'mutation suspendApiKey': ({ keyId }) => ({ input: { keyId, reason: 'under review' } }),
  'mutation reinstateApiKey': ({ keyId }) => ({ input: { keyId, reason: 'reviewed' } }),
  'mutation suspendKeyRing': (ids) => ({ input: { ...affiliate(ids), reason: 'under review' } }),
  'mutation reinstateKeyRing': (ids) => ({ input: { ...affiliate(ids), reason: 'reviewed' } }),
  'mutation reissueApiKey': ({ keyId }) => ({ input: { keyId, reason: 'leaked' } }),
  'mutation revokeApiKey': ({ keyId }) => ({ input: { keyId, reason: 'unused' } }),
};
