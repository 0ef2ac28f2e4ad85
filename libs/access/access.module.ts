import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { AccessOptions } from './access.options.js';
import { ClientAddresses } from './adapters/client-addresses.js';
import { EventStoreAccessDenials } from './adapters/event-store-access-denials.js';
import { JoseTokenVerifier } from './adapters/jose-token-verifier.js';
import { LedgerAuthorizer } from './adapters/ledger-authorizer.js';
import { PostgresAuthorityFence } from './adapters/postgres-authority-fence.js';
import { ReadModelIdentityDirectory } from './adapters/read-model-identity-directory.js';
import { RequestBudgets } from './adapters/request-budgets.js';
import { Authorizer } from './authorizer.port.js';
import { AdmitEmployeeHandler } from './commands/admit/admit-employee.handler.js';
import { ChangeEmployeeRightsHandler } from './commands/change-rights/change-employee-rights.handler.js';
import { EmployeeDesk } from './commands/employee-desk.js';
import { RemoveEmployeeHandler } from './commands/remove/remove-employee.handler.js';
import { IdentityReservations } from './identity-reservations.js';
import { AccessDeniedInterceptor } from './interface/access-denied.interceptor.js';
import { AccessGuard } from './interface/access.guard.js';
import { EmployeesResolver } from './interface/graphql/employees.resolver.js';
import { EmployeesController } from './interface/rest/employees.controller.js';
import { ProtectedResourceController } from './interface/rest/protected-resource.controller.js';
import { AccessDenials } from './ports/access-denials.port.js';
import { AuthorityFence } from './ports/authority-fence.port.js';
import { IdentityDirectory } from './ports/identity-directory.port.js';
import { TokenVerifier } from './ports/token-verifier.port.js';
import { ReleaseIdentities } from './processes/release-identities.process.js';
import {
  EmployeeReader,
  GetEmployeeHandler,
  ListEmployeesHandler,
} from './queries/employees/employees.query-handler.js';
import { RequestGate } from './request-gate.js';

/**
 * Needs, from global modules: Clock, EventStore, EventCatalogue, DecideService, StreamReader, RequestContexts,
 * AnswerPositions, PersonalData, ReadModels, DataSource, CommandBus, QueryBus. Give `installAccess(app)` the application
 * before its init.
 */
@Module({})
export class AccessModule {
  static forRoot(options: AccessOptions): DynamicModule {
    return {
      module: AccessModule,
      global: true,
      controllers: [EmployeesController, ProtectedResourceController],
      providers: [
        { provide: AccessOptions, useValue: options },
        { provide: RequestBudgets, useValue: new RequestBudgets(options.budgets) },
        { provide: ClientAddresses, useValue: new ClientAddresses(options.trustedProxies) },
        { provide: Authorizer, useClass: LedgerAuthorizer },
        { provide: TokenVerifier, useClass: JoseTokenVerifier },
        { provide: IdentityDirectory, useClass: ReadModelIdentityDirectory },
        { provide: AuthorityFence, useClass: PostgresAuthorityFence },
        { provide: AccessDenials, useClass: EventStoreAccessDenials },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_INTERCEPTOR, useClass: AccessDeniedInterceptor },
        IdentityReservations,
        RequestGate,
        EmployeesResolver,
        EmployeeDesk,
        EmployeeReader,
        AdmitEmployeeHandler,
        ChangeEmployeeRightsHandler,
        RemoveEmployeeHandler,
        ListEmployeesHandler,
        GetEmployeeHandler,
        ReleaseIdentities,
      ],
      exports: [
        AccessOptions,
        AccessDenials,
        AuthorityFence,
        Authorizer,
        IdentityReservations,
        RequestBudgets,
        RequestGate,
      ],
    };
  }
}

/** This context's processes, for the projector. */
export const accessProcesses = [ReleaseIdentities];
