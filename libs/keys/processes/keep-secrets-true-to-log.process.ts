import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '#event-store';
import type { NetworkId } from '#kernel';
import type { Process } from '#projections';
import { SecretUpkeep, UPKEEP_EVENTS } from '../commands/secret-upkeep.js';
import type { KeyRingEvent } from '../domain/key-ring.events.js';

/** Confirms and destroys what a handler that died left undone. Safe to repeat: a destroyed secret stays destroyed. */
@Injectable()
export class KeepSecretsTrueToLog implements Process {
  readonly name = 'keep-secrets-true-to-log';
  readonly handles = UPKEEP_EVENTS;

  constructor(private readonly upkeep: SecretUpkeep) {}

  async handle({ type, data, metadata }: RecordedEvent): Promise<void> {
    if (metadata.networkId === null) return;
    const event = { type, data } as KeyRingEvent;
    await this.upkeep.follow(metadata.networkId as NetworkId, [event]);
  }
}
