import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { EventStore } from '#event-store';
import type { Position } from '#event-store';
import { NetworkSettingsReader } from '#networks';
import type { ReadResult } from '#projections';
import { apiAccess } from '../api-access/api-access.value.js';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import { keysIn } from '../key-directory.rows.js';
import type { KeyView } from '../keys/key.view.js';
import { GetOwnApi } from './get-own-api.query.js';
import type { OwnApi, OwnKey } from './own-api.view.js';

/** The newest ones; a holder has a few active keys at most. */
export const OWN_KEYS_MAX = 100;

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
      async (sql, scope, moment) =>
        (await keysIn(sql, scope, moment, {}, { first: OWN_KEYS_MAX })).map(({ view }) => view),
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
        keys: keys.slice(0, OWN_KEYS_MAX).map(ownKey),
        ...apiAccess(settings.apiProfile, portal),
      },
      position,
    };
  }
}

/** Revoked and expired keys alone show nothing: there is no key left to use. */
const isLeft = ({ status }: KeyView): boolean => status === 'active' || status === 'suspended';

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
