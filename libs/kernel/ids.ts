declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** A network's integer id (domain.md, appendix C: `network_id`). */
export type NetworkId = Branded<number, 'NetworkId'>;
/** A partner's integer id, unique within its network only (`network_affiliate_id`). */
export type PartnerId = Branded<number, 'PartnerId'>;
/** A marketplace partner's integer id, unique within its network only. */
export type MarketplacePartnerId = Branded<number, 'MarketplacePartnerId'>;
/** An API key's UUID. It is no secret: it names the key in lists, events and URLs. */
export type KeyId = Branded<string, 'KeyId'>;
/** A share's UUID. It is not the link's token. */
export type ShareId = Branded<string, 'ShareId'>;
/** An employee's integer id within its network (`network_employee_id`). */
export type EmployeeId = Branded<number, 'EmployeeId'>;

export const networkId = (value: number): NetworkId => positiveInteger(value) as NetworkId;
export const partnerId = (value: number): PartnerId => positiveInteger(value) as PartnerId;
export const marketplacePartnerId = (value: number): MarketplacePartnerId =>
  positiveInteger(value) as MarketplacePartnerId;
export const employeeId = (value: number): EmployeeId => positiveInteger(value) as EmployeeId;
export const keyId = (value: string): KeyId => uuid(value) as KeyId;
export const shareId = (value: string): ShareId => uuid(value) as ShareId;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(value: string): boolean {
  return UUID.test(value);
}

function uuid(value: string): string {
  if (!UUID.test(value)) throw new TypeError('not a lower-case UUID');
  return value;
}

function positiveInteger(value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError('not a positive integer');
  return value;
}

const CATEGORY = /^[a-z][a-zA-Z0-9]*$/;

/**
 * `<category>-<network>-<id>`; the category is camelCase without a dash, so the first dash ends it. Network 0 stands for
 * what belongs to no network (operators, the log itself).
 */
export function streamId(
  category: string,
  network: NetworkId | 0,
  ...id: readonly (string | number)[]
): string {
  if (!CATEGORY.test(category)) throw new TypeError(`not a stream category: ${category}`);
  return [category, network, ...id].join('-');
}
