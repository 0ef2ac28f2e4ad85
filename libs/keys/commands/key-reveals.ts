import { Injectable } from '@nestjs/common';
import type { KeyId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { KeyRing } from '../domain/key-ring.decider.js';
import { keyOf, keyRingDecider } from '../domain/key-ring.decider.js';
import type { RevealPurpose } from '../domain/key-ring.events.js';
import type { RingId } from '../domain/portal.value.js';
import { KeyVault } from '../ports/key-vault.port.js';
import type { Outcome, RevealedKey } from './key-outcomes.value.js';
import { KeyRingDecisions } from './key-ring-decisions.js';
import { NewKeys } from './new-keys.js';

/** No secret is shown before the log says that it was. */
@Injectable()
export class KeyReveals {
  constructor(
    private readonly rings: KeyRingDecisions,
    private readonly vault: KeyVault,
    private readonly newKeys: NewKeys,
  ) {}

  async reveal(
    ring: RingId,
    context: RequestContext,
    keyId: KeyId,
    purpose: RevealPurpose,
    note: string | null,
  ): Promise<Outcome<RevealedKey>> {
    const at = context.now.toISOString();
    const command = { type: 'reveal', keyId, purpose, note, at } as const;
    let opened: string | undefined;
    const receipt = await this.rings.decide(ring, context, async (state: KeyRing) => {
      // Opened before the append: the log records no reveal that showed nothing.
      keyRingDecider.decide(command, state);
      opened = await this.vault.open({ ...ring, keyId }, keyOf(state, keyId).secret);
      return command;
    });
    const { recordedAt = at } = receipt.events[0]?.metadata ?? {};
    const shown =
      receipt.replayed || opened === undefined
        ? await this.newKeys.openAgain(ring, keyId, recordedAt, context)
        : { key: opened, secretWithheld: null };
    return { value: { keyId, ...shown }, position: receipt.position };
  }
}
