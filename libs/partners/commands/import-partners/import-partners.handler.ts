import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import type { Principal } from '#access';
import { Authorizer } from '#access';
import { EventStore, position as positionAt } from '#event-store';
import type { NetworkId } from '#kernel';
import { DomainError } from '#kernel';
import { DecideService } from '#messaging';
import type { PartnerState } from '../../domain/partner.decider.js';
import type { PartnerObservation } from '../../domain/partner.value.js';
import { parsePartner, partnerIdIn } from '../../domain/vendor-record.value.js';
import { networkOf } from '../../own-network.js';
import type { Intake } from '../observation-intake.js';
import { ObservationIntake } from '../observation-intake.js';
import type { ImportAnswer, ImportedRecord } from './import-partners.command.js';
import { IMPORT_RECORDS_MAX, ImportPartners } from './import-partners.command.js';

/** Streams that are decided on at a time: so many share one commit of the store. More only wait for its connections. */
export const IMPORT_CONCURRENCY = 64;
/** A batch is many decisions: it has longer than other requests, but less than its client waits. */
export const IMPORT_DEADLINE_MS = 25_000;

interface Entry {
  readonly index: number;
  readonly observation: PartnerObservation;
}

@CommandHandler(ImportPartners)
export class ImportPartnersHandler implements ICommandHandler<ImportPartners, ImportAnswer> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly intake: ObservationIntake,
    private readonly events: EventStore,
    private readonly decisions: DecideService,
  ) {}

  async execute({ principal, context, input }: ImportPartners): Promise<ImportAnswer> {
    const networkId = networkOf(principal);
    await this.authorizer.authorize(principal, 'partners.manage', { networkId });
    if (input.records.length > IMPORT_RECORDS_MAX)
      throw new DomainError('partners/import-batch-too-large', { max: IMPORT_RECORDS_MAX });
    await this.decisions.claimKey(context);
    const results: ImportedRecord[] = [];
    const byPartner = new Map<number, Entry[]>();
    input.records.forEach((record, index) => {
      const parsed = parsePartner(record, 'listed', {
        networkId,
        source: 'import',
        now: context.now,
      });
      const partnerId = partnerIdIn(record) ?? null;
      if (!parsed.ok) {
        results[index] = { partnerId, outcome: 'refused', refusal: parsed.refusal };
        return;
      }
      const { observation } = parsed;
      const entries = byPartner.get(observation.partnerId) ?? [];
      byPartner.set(observation.partnerId, [...entries, { index, observation }]);
    });

    let position = (await this.events.head()) ?? positionAt(0n);
    const partners = byPartner.values();
    let failed = false;
    const deadline = new Date(context.now.getTime() + IMPORT_DEADLINE_MS);
    // One partner's records one after the other: side by side they would only conflict.
    const worker = async () => {
      for (const entries of partners) {
        const taken = new Set<string>();
        for (const { index, observation } of entries) {
          // The caller is gone: what is left is for its next attempt, and nobody reads this answer.
          if (failed || context.signal.aborted) return;
          const { partnerId } = observation;
          const text = JSON.stringify(observation);
          if (taken.has(text)) {
            results[index] = { partnerId, outcome: 'unchanged' };
            continue;
          }
          try {
            const { outcome, position: at }: Intake = await this.intake.take(
              networkId,
              observation,
              'listed',
              { ...context, deadline },
              (state) => this.permit(principal, networkId, observation, state),
            );
            taken.add(text);
            if (at > position) position = at;
            results[index] = { partnerId, outcome };
          } catch (error) {
            if (!(error instanceof DomainError) || error.code !== 'access/forbidden') {
              failed = true;
              throw error;
            }
            const refusal = { pointer: '/network_employee_id', reason: 'not-your-partner' };
            results[index] = { partnerId, outcome: 'refused', refusal };
          }
        }
      }
    };
    await Promise.all(Array.from({ length: IMPORT_CONCURRENCY }, worker));
    // Without holes, also when the caller went away in the middle.
    return { results: input.records.flatMap((_, index) => results[index] ?? []), position };
  }

  /** A limited manager imports its own partners: those assigned to it, and new ones that are to be. */
  private async permit(
    principal: Principal,
    networkId: NetworkId,
    { partnerId, managerId }: PartnerObservation,
    state: PartnerState,
  ): Promise<void> {
    await this.authorizer.authorize(principal, 'partners.manage', {
      networkId,
      partnerId,
      managerId: state.lifecycle === 'registered' ? state.profile.managerId : (managerId ?? null),
    });
  }
}
