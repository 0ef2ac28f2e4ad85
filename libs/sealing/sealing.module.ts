import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { EventStore } from '#event-store';
import { EnvelopeSealer } from './adapters/envelope-sealer.js';
import { HmacPeppers } from './adapters/hmac-peppers.js';
import { LocalKeyWrapper } from './adapters/local-key-wrapper.js';
import { PostgresSealingKeyRegistry } from './adapters/postgres-sealing-key-registry.js';
import { PostgresSubjectKeys } from './adapters/postgres-subject-keys.js';
import { SubjectPersonalData } from './adapters/subject-personal-data.js';
import { isLedgerEmpty } from './ledger-emptiness.js';
import type { SealingKeySource } from './open-sealing-keys.js';
import { openSealingKeys } from './open-sealing-keys.js';
import { SealingKeyRegistry, SealingKeys } from './sealing-keys.port.js';
import { KeyWrapper, Peppers, PersonalData, Sealer } from './sealing.port.js';
import { SubjectKeyStore } from './subject-keys.port.js';

/** Global. Needs a `DataSource`, an `EventStore` and a `Clock`. Opening the keys may refuse the start (`openSealingKeys`). */
@Module({})
export class SealingModule {
  static forRoot(source: SealingKeySource): DynamicModule {
    return {
      module: SealingModule,
      global: true,
      providers: [
        { provide: SealingKeyRegistry, useClass: PostgresSealingKeyRegistry },
        {
          provide: SealingKeys,
          inject: [SealingKeyRegistry, EventStore],
          useFactory: (registry: SealingKeyRegistry, events: EventStore) =>
            openSealingKeys(source, registry, () => isLedgerEmpty(events)),
        },
        { provide: KeyWrapper, useClass: LocalKeyWrapper },
        { provide: Sealer, useClass: EnvelopeSealer },
        { provide: Peppers, useClass: HmacPeppers },
        { provide: SubjectKeyStore, useClass: PostgresSubjectKeys },
        { provide: PersonalData, useClass: SubjectPersonalData },
      ],
      exports: [SealingKeys, KeyWrapper, Sealer, Peppers, PersonalData],
    };
  }
}
