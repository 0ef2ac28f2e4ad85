/** One kind of event as it would be written now. */
export interface WrittenVersion {
  readonly type: string;
  readonly version: number;
}

/**
 * Readers are upgraded first: an event's type and version is written only when all readers that are registered read it.
 *
 * @throws {DomainError} `event-store/upgrade-pending` (503): nothing was stored.
 */
export abstract class UpgradeGate {
  abstract assertReadable(versions: readonly WrittenVersion[]): Promise<void>;
}

/** Where writers and readers are one process of one release. */
export class SingleReleaseGate extends UpgradeGate {
  override assertReadable(): Promise<void> {
    return Promise.resolve();
  }
}
