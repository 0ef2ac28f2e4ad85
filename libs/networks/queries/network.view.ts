import type { ApiProfile, Region } from '../domain/api-profile.value.js';
import type { KeyPolicy } from '../domain/key-policy.value.js';
import type { NetworkSettings } from '../network-settings.reader.js';

/** A network as its people see it: no hash, no secret. */
export interface NetworkView {
  readonly networkId: number;
  readonly name: string;
  readonly region: Region;
  readonly keyPolicy: KeyPolicy;
  readonly apiProfile: ApiProfile;
  readonly webhookCredentials: readonly {
    readonly credentialId: string;
    readonly label: string;
    readonly active: boolean;
  }[];
}

export interface NetworkRow {
  readonly network_id: bigint;
  readonly name: string;
  readonly region: Region;
  readonly key_policy: KeyPolicy;
  readonly api_profile: ApiProfile;
  readonly webhook_credentials: NetworkView['webhookCredentials'];
}

export const NETWORK_COLUMNS =
  'network_id, name, region, key_policy, api_profile, webhook_credentials';

export function networkViewOf(row: NetworkRow): NetworkView {
  return {
    networkId: Number(row.network_id),
    name: row.name,
    region: row.region,
    keyPolicy: row.key_policy,
    apiProfile: row.api_profile,
    webhookCredentials: row.webhook_credentials.map(({ credentialId, label, active }) => ({
      credentialId,
      label,
      active,
    })),
  };
}

/** The same from a command's answer. */
export function settingsViewOf(settings: NetworkSettings): NetworkView {
  return {
    networkId: settings.networkId,
    name: settings.name,
    region: settings.region,
    keyPolicy: settings.keyPolicy,
    apiProfile: settings.apiProfile,
    webhookCredentials: settings.webhookCredentials.map(({ credentialId, label, revoked }) => ({
      credentialId,
      label,
      active: !revoked,
    })),
  };
}
