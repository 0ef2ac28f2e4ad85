import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { noteText } from '../client-input.js';
import type { Outcome, RevealedKey } from '../key-outcomes.value.js';
import { KeyReveals } from '../key-reveals.js';
import { KeyRingDecisions } from '../key-ring-decisions.js';
import { RevealKey } from './reveal-key.command.js';

@CommandHandler(RevealKey)
export class RevealKeyHandler implements ICommandHandler<RevealKey> {
  constructor(
    private readonly rings: KeyRingDecisions,
    private readonly reveals: KeyReveals,
  ) {}

  async execute({ principal, context, input }: RevealKey): Promise<Outcome<RevealedKey>> {
    const act = { principal, context, permission: 'partner.api_keys.reveal' } as const;
    const { ring } = await this.rings.reachKey(act, input.keyId);
    const note = noteText(input.note);
    return this.reveals.reveal(ring, context, input.keyId, input.purpose, note);
  }
}
