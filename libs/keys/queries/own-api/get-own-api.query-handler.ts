import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { EventStore } from '#event-store';
import type { Position } from '#event-store';
import { NetworkSettingsReader } from '#networks';
import type { ReadResult } from '#projections';
import { apiAccess } from '../api-access/api-access.value.js';
import type { DirectoryWork } from '../key-directory.reader.js';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import { keysIn } from '../key-directory.rows.js';
import type { KeyStatus, KeyView } from '../keys/key.view.js';
import { GetOwnApi } from './get-own-api.query.js';
import type { OwnApi, OwnKey } from './own-api.view.js';

/** The newest ones, and of older ones those that are left to use. */
export const OWN_KEYS_MAX = 100;
const LEFT: readonly KeyStatus[] = ['active', 'suspended'];

@QueryHandler(GetOwnApi)
export class GetOwnApiHandler implements IQueryHandler<GetOwnApi> {
  constructor(
    private readonly directory: KeyDirectoryReader,
    private readonly store: EventStore,
    private readonly networks: NetworkSettingsReader,
  ) {}

  async execute({ principal, options }: GetOwnApi): Promise<ReadResult<OwnApi>> {
    const { signal } = options;
    // Not the head: a leader that was cut off from its followers goes on telling an old one, before a key's issuance.
    const arrival = await this.store.barrier(signal ? { signal } : {});
    const atLeast = later(arrival, options.atLeast);
    const { value: keys, position } = await this.directory.asPartner(
      principal,
      { ...options, atLeast },
      ownKeys,
    );
    const portal = keys.find(isLeft)?.portal;
    const settings =
      portal && principal.networkId !== null
        ? await this.networks.load(principal.networkId, signal)
        : undefined;
    if (!portal || !settings) return { value: { available: false }, position };
    return {
      value: {
        available: true,
        keys: keys.map(ownKey),
        ...apiAccess(settings.apiProfile, portal),
      },
      position,
    };
  }
}

const ownKeys: DirectoryWork<readonly KeyView[]> = async (sql, scope, moment) => {
  const newest = await keysIn(sql, scope, moment, {}, { first: OWN_KEYS_MAX });
  const shown = newest.slice(0, OWN_KEYS_MAX).map(({ view }) => view);
  const last = shown.at(-1);
  if (newest.length <= OWN_KEYS_MAX || !last) return shown;
  const older = await keysIn(
    sql,
    scope,
    moment,
    { statuses: LEFT },
    { first: OWN_KEYS_MAX, after: [last.issued.position, last.keyId] },
  );
  return [...shown, ...older.slice(0, OWN_KEYS_MAX).map(({ view }) => view)];
};

/** Revoked and expired keys alone show nothing: there is no key left to use. */
const isLeft = ({ status }: KeyView): boolean => LEFT.includes(status);

function ownKey(key: KeyView): OwnKey {
  return {
    keyId: key.keyId,
    portal: key.portal,
    label: key.label,
    masked: key.masked,
    status: key.status,
    issuedAt: key.issued.at,
    expiresAt: key.expiresAt,
    revealable: key.status === 'active' && key.storage === 'sealed',
  };
}

function later(one: Position, other: Position | undefined): Position {
  return other === undefined || one > other ? one : other;
}
