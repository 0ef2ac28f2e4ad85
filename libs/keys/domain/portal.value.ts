import { networkId, streamId } from '#kernel';
import type { NetworkId, PortalCode } from '#kernel';

export const PORTALS = ['affiliate', 'advertiser', 'network', 'marketplace'] as const;
export type Portal = (typeof PORTALS)[number];

export const HOLDER_TYPES = ['partner', 'advertiser', 'network', 'marketplacePartner'] as const;
export type HolderType = (typeof HOLDER_TYPES)[number];

/** Whose key it is. The id is an integer of its network; a network holds its own keys under its own id. */
export interface Holder {
  readonly type: HolderType;
  readonly id: number;
}

/** `sealed`: recoverable, it can be revealed and shared. `hashed`: shown once. */
export type SecretStorage = 'sealed' | 'hashed';

export interface PortalRules {
  readonly holder: HolderType;
  /** The path prefix that the portal's keys open; another portal's key is out of realm. */
  readonly pathPrefix: string;
  readonly storage: SecretStorage;
  readonly code: PortalCode;
  /** Issued only with an eligible verdict of the partner. */
  readonly needsEligibility: boolean;
  /** Keys carry permissions and an employee of their own. */
  readonly hasPermissions: boolean;
}

/** domain.md, section 2. Marketplace keys are sealed: they reach their holder as a share, or they could reach nobody. */
export const PORTAL_RULES: Readonly<Record<Portal, PortalRules>> = {
  affiliate: {
    holder: 'partner',
    pathPrefix: '/v1/affiliates/',
    storage: 'sealed',
    code: 'aff',
    needsEligibility: true,
    hasPermissions: false,
  },
  advertiser: {
    holder: 'advertiser',
    pathPrefix: '/v1/advertisers/',
    storage: 'sealed',
    code: 'adv',
    needsEligibility: false,
    hasPermissions: false,
  },
  network: {
    holder: 'network',
    pathPrefix: '/v1/networks/',
    storage: 'hashed',
    code: 'net',
    needsEligibility: false,
    hasPermissions: true,
  },
  marketplace: {
    holder: 'marketplacePartner',
    pathPrefix: '/v1/partners/',
    storage: 'sealed',
    code: 'mkt',
    needsEligibility: false,
    hasPermissions: false,
  },
};

export const KEY_RING_CATEGORY = 'keyRing';

/** All keys of one holder at one portal: the stream of one invariant. */
export interface RingId {
  readonly networkId: NetworkId;
  readonly portal: Portal;
  readonly holder: Holder;
}

/** The ring of a stream's name; `undefined` when the stream is none. */
export function ringOfStream(stream: string): RingId | undefined {
  const [category, network, portal, type, id] = stream.split('-');
  if (category !== KEY_RING_CATEGORY || !isPortal(portal)) return undefined;
  if (type !== PORTAL_RULES[portal].holder) return undefined;
  const [networkNumber, holderNumber] = [Number(network), Number(id)];
  if (![networkNumber, holderNumber].every((one) => Number.isSafeInteger(one) && one > 0))
    return undefined;
  const ring: RingId = {
    networkId: networkId(networkNumber),
    portal,
    holder: { type: PORTAL_RULES[portal].holder, id: holderNumber },
  };
  return keyRingStream(ring) === stream ? ring : undefined;
}

const isPortal = (text: string | undefined): text is Portal =>
  PORTALS.some((portal) => portal === text);

export function keyRingStream(ring: RingId): string {
  return streamId(KEY_RING_CATEGORY, ring.networkId, ring.portal, ring.holder.type, ring.holder.id);
}
