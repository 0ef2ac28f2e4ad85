import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { Connection, ReadAt } from '#graphql';
import { absent, given, readAt, readPlace } from '#graphql';
import { employeeId, partnerId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { Ctx, answer } from '#messaging';
import { PARTNER_TRAITS } from '#networks';
import type { Page, ReadResult } from '#projections';
import { AssessPartnerTraits } from '../../commands/assess-traits/assess-traits.command.js';
import { AssignPartnerManager } from '../../commands/assign-manager/assign-manager.command.js';
import { ChangePartnerStatus } from '../../commands/change-status/change-status.command.js';
import { CloseFlag } from '../../commands/close-flag/close-flag.command.js';
import { ConfirmTechnicalCapacity } from '../../commands/confirm-technical-capacity/confirm-technical-capacity.command.js';
import type { ImportAnswer } from '../../commands/import-partners/import-partners.command.js';
import { ImportPartners } from '../../commands/import-partners/import-partners.command.js';
import { LinkPartnerUser } from '../../commands/link-user/link-user.command.js';
import { OpenFlag } from '../../commands/open-flag/open-flag.command.js';
import type { PartnerAnswer } from '../../commands/partner-decisions.js';
import { RegisterPartner } from '../../commands/register-partner/register-partner.command.js';
import { UnlinkPartnerUser } from '../../commands/unlink-user/unlink-user.command.js';
import { WithdrawTechnicalCapacity } from '../../commands/withdraw-technical-capacity/withdraw-technical-capacity.command.js';
import type { PartnerVerdict } from '../../queries/assess-partner/assess-partner.query.js';
import { AssessPartner } from '../../queries/assess-partner/assess-partner.query.js';
import { GetPartner } from '../../queries/get-partner/get-partner.query.js';
import type { DeadLetterView } from '../../queries/list-dead-letters/list-dead-letters.query.js';
import {
  ListDeadLetters,
  deadLetterCursor,
} from '../../queries/list-dead-letters/list-dead-letters.query.js';
import { ListPartners, partnerCursor } from '../../queries/list-partners/list-partners.query.js';
import type { PartnerView } from '../../queries/partner.view.js';
import { profileViewOf } from '../../queries/partner.view.js';
import {
  AssessTraitsArgs,
  AssignManagerArgs,
  ChangeStatusArgs,
  CloseFlagArgs,
  DeadLetterConnection,
  DeadLettersArgs,
  EvidenceArgs,
  ImportedPartnersType,
  ImportPartnersInput,
  OpenFlagArgs,
  PartnerArgs,
  PartnerConnection,
  PartnerReasonArgs,
  PartnerType,
  PartnerUserArgs,
  PartnersArgs,
  RegisterPartnerInput,
  VerdictType,
} from './partners.types.js';
import type { PartnerTraitsInput } from './partners.types.js';

@Resolver(() => PartnerType)
export class PartnersResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Query(() => PartnerType, { description: 'A partner.' })
  async partner(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: PartnerArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    const place = readPlace(args, context);
    const { value, position } = await this.queries.execute<GetPartner, ReadResult<PartnerView>>(
      new GetPartner(caller, { partnerId: idOf(args.partnerId) }, place),
    );
    return answer({ ...value, ...readAt(position, place) }, position);
  }

  @Query(() => PartnerConnection, { description: 'Partners by id.' })
  async partners(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: PartnersArgs,
  ): Promise<Answer<Connection<PartnerView & ReadAt>>> {
    const { first, after, status, managerId, flagged, name } = args;
    const input = {
      first,
      ...(!absent(after) && { after }),
      ...(!absent(status) && { status }),
      ...(!absent(managerId) && { managerId: employeeId(Number(managerId)) }),
      ...(!absent(flagged) && { flagged }),
      ...(!absent(name) && { name }),
    };
    const place = readPlace(args, context);
    const { value, position } = await this.queries.execute<
      ListPartners,
      ReadResult<Page<PartnerView>>
    >(new ListPartners(caller, input, place));
    const edges = value.items.map((node) => ({
      node: { ...node, ...readAt(position, place) },
      cursor: partnerCursor(caller, node),
    }));
    return answer({ edges, pageInfo: value.page, position }, position);
  }

  @Query(() => VerdictType, { description: 'Whether the partner may get a key, and why.' })
  async partnerEligibility(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: PartnerArgs,
  ): Promise<Answer<PartnerVerdict>> {
    const { value, position } = await this.queries.execute<
      AssessPartner,
      ReadResult<PartnerVerdict>
    >(new AssessPartner(caller, { partnerId: idOf(args.partnerId) }, readPlace(args, context)));
    return answer(value, position);
  }

  @Query(() => DeadLetterConnection, {
    description: 'Webhooks that were refused, the newest first, without what they said.',
  })
  async deadLetters(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: DeadLettersArgs,
  ): Promise<Answer<Connection<DeadLetterView>>> {
    const { first, after } = args;
    const { value, position } = await this.queries.execute<
      ListDeadLetters,
      ReadResult<Page<DeadLetterView>>
    >(new ListDeadLetters(caller, { first, ...given({ after }) }, readPlace(args, context)));
    const edges = value.items.map((node) => ({ node, cursor: deadLetterCursor(caller, node) }));
    return answer({ edges, pageInfo: value.page, position }, position);
  }

  @Mutation(() => PartnerType, { description: 'Registers a partner by hand.' })
  registerPartner(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') { partnerId: id, name, status, managerId }: RegisterPartnerInput,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(
      new RegisterPartner(caller, context, {
        partnerId: idOf(id),
        name,
        status,
        managerId: managerIdOf(managerId),
      }),
    );
  }

  @Mutation(() => ImportedPartnersType, {
    description:
      "Takes a batch of the vendor's list records; the same records again change nothing.",
  })
  async importPartners(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') { records }: ImportPartnersInput,
  ): Promise<Answer<ImportAnswer>> {
    const imported = await this.commands.execute<ImportPartners, ImportAnswer>(
      new ImportPartners(caller, context, { records: records.map(recordOf) }),
    );
    return answer(imported, imported.position);
  }

  @Mutation(() => PartnerType, { description: 'Changes the status by hand.' })
  changePartnerStatus(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { partnerId: id, status, reason }: ChangeStatusArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(
      new ChangePartnerStatus(caller, context, { partnerId: idOf(id), status, reason }),
    );
  }

  @Mutation(() => PartnerType, { description: 'Assigns the account manager.' })
  assignPartnerManager(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { partnerId: id, managerId }: AssignManagerArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(
      new AssignPartnerManager(caller, context, {
        partnerId: idOf(id),
        managerId: managerIdOf(managerId),
      }),
    );
  }

  @Mutation(() => PartnerType, {
    description: 'Records what shows that the partner can use the API responsibly.',
  })
  confirmTechnicalCapacity(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { partnerId: id, evidence }: EvidenceArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(
      new ConfirmTechnicalCapacity(caller, context, { partnerId: idOf(id), evidence }),
    );
  }

  @Mutation(() => PartnerType, { description: 'Withdraws a confirmation of technical capacity.' })
  withdrawTechnicalCapacity(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { partnerId: id, reason }: PartnerReasonArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(
      new WithdrawTechnicalCapacity(caller, context, { partnerId: idOf(id), reason }),
    );
  }

  @Mutation(() => PartnerType, { description: 'Opens a fraud or quality flag.' })
  openFlag(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { partnerId: id, kind, reason }: OpenFlagArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(new OpenFlag(caller, context, { partnerId: idOf(id), kind, reason }));
  }

  @Mutation(() => PartnerType, { description: 'Closes an open flag.' })
  closeFlag(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { partnerId: id, flagId, reason }: CloseFlagArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(new CloseFlag(caller, context, { partnerId: idOf(id), flagId, reason }));
  }

  @Mutation(() => PartnerType, {
    description: 'Records which traits are met; those that are left out stay as they are.',
  })
  assessPartnerTraits(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { partnerId: id, traits }: AssessTraitsArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(
      new AssessPartnerTraits(caller, context, { partnerId: idOf(id), traits: said(traits) }),
    );
  }

  @Mutation(() => PartnerType, {
    description: 'Lets an identity act for the partner; it may act for nobody else in the network.',
  })
  linkPartnerUser(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { partnerId: id, user: { issuer, subject } }: PartnerUserArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(
      new LinkPartnerUser(caller, context, { partnerId: idOf(id), user: { issuer, subject } }),
    );
  }

  @Mutation(() => PartnerType, {
    description: 'Ends at once what an identity may do for the partner.',
  })
  unlinkPartnerUser(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { partnerId: id, user: { issuer, subject } }: PartnerUserArgs,
  ): Promise<Answer<PartnerView & ReadAt>> {
    return this.changed(
      new UnlinkPartnerUser(caller, context, { partnerId: idOf(id), user: { issuer, subject } }),
    );
  }

  private async changed(command: object): Promise<Answer<PartnerView & ReadAt>> {
    const { partner, position } = await this.commands.execute<object, PartnerAnswer>(command);
    return answer({ ...profileViewOf(partner), ...readAt(position) }, position);
  }
}

const idOf = (text: string) => partnerId(Number(text));
const managerIdOf = (text: string | null | undefined) =>
  absent(text) ? null : employeeId(Number(text));

/** A trait that is left out, or null, is not said. */
function said(traits: PartnerTraitsInput) {
  return Object.fromEntries(
    PARTNER_TRAITS.flatMap((trait) =>
      typeof traits[trait] === 'boolean' ? [[trait, traits[trait]]] : [],
    ),
  );
}

/** What is no JSON is a record that is refused by itself, not the batch. */
function recordOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
