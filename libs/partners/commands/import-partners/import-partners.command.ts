import type { Principal } from '#access';
import type { Position } from '#event-store';
import type { RequestContext } from '#messaging';
import type { RecordRefusal } from '../../domain/vendor-record.value.js';
import type { IntakeOutcome } from '../observation-intake.js';

export const IMPORT_RECORDS_MAX = 500;

/** A bounded batch of the vendor's list records, as they come. */
export class ImportPartners {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly records: readonly unknown[] },
  ) {}
}

/** One for each record, in their order. */
export interface ImportedRecord {
  /** `null` when the record does not say. */
  readonly partnerId: number | null;
  readonly outcome: IntakeOutcome | 'refused';
  readonly refusal?: RecordRefusal;
}

export interface ImportAnswer {
  readonly results: readonly ImportedRecord[];
  /** At or past all that was stored. */
  readonly position: Position;
}
