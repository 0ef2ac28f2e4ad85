import type { Permission } from '#access';
import type { ActorType } from '#event-store';

export interface MeView {
  readonly type: ActorType;
  readonly issuer: string;
  readonly subject: string;
  readonly networkId: number | null;
  readonly employee: {
    readonly employeeId: number;
    readonly superUser: boolean;
    readonly permissions: readonly Permission[];
    readonly scope: 'global' | 'limited';
  } | null;
  readonly partnerId: number | null;
  readonly marketplacePartnerId: number | null;
}
