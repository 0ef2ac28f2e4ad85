import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { Authorizer, OWN_PARTNER } from '#access';
import { KeyVault } from '../../ports/key-vault.port.js';
import type { Outcome, RevealedKey } from '../key-outcomes.value.js';
import { KeyReveals } from '../key-reveals.js';
import { refuse } from '../key-ring-decisions.js';
import { RevealOwnKey } from './reveal-own-key.command.js';

@CommandHandler(RevealOwnKey)
export class RevealOwnKeyHandler implements ICommandHandler<RevealOwnKey> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly vault: KeyVault,
    private readonly reveals: KeyReveals,
  ) {}

  async execute({ principal, context, input }: RevealOwnKey): Promise<Outcome<RevealedKey>> {
    const { networkId, partnerUser } = principal;
    await this.authorizer.authorize(principal, OWN_PARTNER, {
      networkId,
      ...(partnerUser ? { partnerId: partnerUser.partnerId } : {}),
    });
    if (networkId === null || !partnerUser) return refuse('keys/key-not-found');
    const ring = await this.vault.locate(networkId, input.keyId);
    // Another partner's key is as unknown as one that never was.
    if (ring?.holder.type !== 'partner' || ring.holder.id !== partnerUser.partnerId)
      return refuse('keys/key-not-found');
    return this.reveals.reveal(ring, context, input.keyId, 'ownAccount', null);
  }
}
