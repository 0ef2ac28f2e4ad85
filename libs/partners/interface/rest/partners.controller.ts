import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Principal } from '#access';
import { Caller } from '#access';
import { employeeId, partnerId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { Ctx, answer } from '#messaging';
import { PARTNER_TRAITS } from '#networks';
import type { Page, ReadResult } from '#projections';
import { LOCATION, pageInput, readOptions, ReadParameters } from '#rest';
import { AssessPartnerTraits } from '../../commands/assess-traits/assess-traits.command.js';
import { AssignPartnerManager } from '../../commands/assign-manager/assign-manager.command.js';
import { ChangePartnerStatus } from '../../commands/change-status/change-status.command.js';
import { CloseFlag } from '../../commands/close-flag/close-flag.command.js';
import { ConfirmTechnicalCapacity } from '../../commands/confirm-technical-capacity/confirm-technical-capacity.command.js';
import type {
  ImportAnswer,
  ImportedRecord,
} from '../../commands/import-partners/import-partners.command.js';
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
import { ListPartners } from '../../queries/list-partners/list-partners.query.js';
import type { PartnerView } from '../../queries/partner.view.js';
import { profileViewOf } from '../../queries/partner.view.js';
import {
  AssessTraitsBody,
  AssignManagerBody,
  ChangeStatusBody,
  EvidenceBody,
  FlagPath,
  ImportPartnersBody,
  ImportResponse,
  ListPartnersParameters,
  OpenFlagBody,
  PartnerPath,
  PartnerResponse,
  PartnerUserBody,
  PartnersPage,
  ReasonBody,
  RegisterPartnerBody,
  VerdictResponse,
} from './partners.dto.js';

/** The shape of `ImportResponse`. */
interface ImportReply {
  readonly results: readonly {
    readonly partnerId: number | null;
    readonly outcome: ImportedRecord['outcome'];
    readonly reason?: { readonly pointer: string; readonly reason: string };
  }[];
}

@ApiTags('partners')
@ApiBearerAuth()
@Controller('partners')
export class PartnersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @ApiOperation({ operationId: 'registerPartner', summary: 'Registers a partner by hand.' })
  @ApiCreatedResponse({ type: PartnerResponse, headers: LOCATION })
  async register(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Body() body: RegisterPartnerBody,
  ): Promise<Answer<PartnerView>> {
    const { name, status, managerId } = body;
    const input = {
      partnerId: partnerId(body.partnerId),
      name,
      status,
      managerId: managerIdOf(managerId ?? null),
    };
    return this.changed(new RegisterPartner(caller, context, input), {
      status: 201,
      location: `/v1/partners/${String(body.partnerId)}`,
    });
  }

  @Get()
  @ApiOperation({ operationId: 'listPartners', summary: 'Partners by id.' })
  @ApiOkResponse({ type: PartnersPage })
  async list(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Query() parameters: ListPartnersParameters,
  ): Promise<Answer<Page<PartnerView>>> {
    const { status, managerId, flagged, name } = parameters;
    const input = {
      ...pageInput(parameters),
      ...(status !== undefined && { status }),
      ...(managerId !== undefined && { managerId: employeeId(managerId) }),
      ...(flagged !== undefined && { flagged }),
      ...(name !== undefined && { name }),
    };
    const { value, position } = await this.queries.execute<
      ListPartners,
      ReadResult<Page<PartnerView>>
    >(new ListPartners(caller, input, readOptions(parameters, context)));
    return answer(value, position);
  }

  @Post('import')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'importPartners',
    summary: "Takes a batch of the vendor's list records; the same records again change nothing.",
  })
  @ApiOkResponse({ type: ImportResponse })
  async import(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Body() { records }: ImportPartnersBody,
  ): Promise<Answer<ImportReply>> {
    const { results, position } = await this.commands.execute<ImportPartners, ImportAnswer>(
      new ImportPartners(caller, context, { records }),
    );
    const value = {
      results: results.map(({ partnerId, outcome, refusal }) => ({
        partnerId,
        outcome,
        ...(refusal && { reason: refusal }),
      })),
    };
    return answer(value, position);
  }

  @Get(':partnerId')
  @ApiOperation({ operationId: 'getPartner', summary: 'A partner.' })
  @ApiOkResponse({ type: PartnerResponse })
  async get(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Query() parameters: ReadParameters,
  ): Promise<Answer<PartnerView>> {
    const input = { partnerId: partnerId(path.partnerId) };
    const { value, position } = await this.queries.execute<GetPartner, ReadResult<PartnerView>>(
      new GetPartner(caller, input, readOptions(parameters, context)),
    );
    return answer(value, position);
  }

  @Get(':partnerId/eligibility')
  @ApiOperation({
    operationId: 'assessPartner',
    summary: 'Whether the partner may get a key, and why.',
  })
  @ApiOkResponse({ type: VerdictResponse })
  async eligibility(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Query() parameters: ReadParameters,
  ): Promise<Answer<PartnerVerdict>> {
    const input = { partnerId: partnerId(path.partnerId) };
    const { value, position } = await this.queries.execute<
      AssessPartner,
      ReadResult<PartnerVerdict>
    >(new AssessPartner(caller, input, readOptions(parameters, context)));
    return answer(value, position);
  }

  @Post(':partnerId/status')
  @HttpCode(200)
  @ApiOperation({ operationId: 'changePartnerStatus', summary: 'Changes the status by hand.' })
  @ApiOkResponse({ type: PartnerResponse })
  async changeStatus(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Body() { status, reason }: ChangeStatusBody,
  ): Promise<Answer<PartnerView>> {
    const input = { partnerId: partnerId(path.partnerId), status, reason };
    return this.changed(new ChangePartnerStatus(caller, context, input));
  }

  @Post(':partnerId/manager')
  @HttpCode(200)
  @ApiOperation({ operationId: 'assignPartnerManager', summary: 'Assigns the account manager.' })
  @ApiOkResponse({ type: PartnerResponse })
  async assignManager(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Body() { managerId }: AssignManagerBody,
  ): Promise<Answer<PartnerView>> {
    const input = { partnerId: partnerId(path.partnerId), managerId: managerIdOf(managerId) };
    return this.changed(new AssignPartnerManager(caller, context, input));
  }

  @Post(':partnerId/technical-capacity/confirm')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'confirmTechnicalCapacity',
    summary: 'Records what shows that the partner can use the API responsibly.',
  })
  @ApiOkResponse({ type: PartnerResponse })
  async confirmTechnicalCapacity(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Body() { evidence }: EvidenceBody,
  ): Promise<Answer<PartnerView>> {
    const input = { partnerId: partnerId(path.partnerId), evidence };
    return this.changed(new ConfirmTechnicalCapacity(caller, context, input));
  }

  @Post(':partnerId/technical-capacity/withdraw')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'withdrawTechnicalCapacity',
    summary: 'Withdraws a confirmation of technical capacity.',
  })
  @ApiOkResponse({ type: PartnerResponse })
  async withdrawTechnicalCapacity(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Body() { reason }: ReasonBody,
  ): Promise<Answer<PartnerView>> {
    const input = { partnerId: partnerId(path.partnerId), reason };
    return this.changed(new WithdrawTechnicalCapacity(caller, context, input));
  }

  @Post(':partnerId/flags')
  @ApiOperation({ operationId: 'openFlag', summary: 'Opens a fraud or quality flag.' })
  @ApiCreatedResponse({ type: PartnerResponse })
  async openFlag(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Body() { kind, reason }: OpenFlagBody,
  ): Promise<Answer<PartnerView>> {
    const input = { partnerId: partnerId(path.partnerId), kind, reason };
    return this.changed(new OpenFlag(caller, context, input), { status: 201 });
  }

  @Post(':partnerId/flags/:flagId/close')
  @HttpCode(200)
  @ApiOperation({ operationId: 'closeFlag', summary: 'Closes an open flag.' })
  @ApiOkResponse({ type: PartnerResponse })
  async closeFlag(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: FlagPath,
    @Body() { reason }: ReasonBody,
  ): Promise<Answer<PartnerView>> {
    const input = { partnerId: partnerId(path.partnerId), flagId: path.flagId, reason };
    return this.changed(new CloseFlag(caller, context, input));
  }

  @Post(':partnerId/traits')
  @HttpCode(200)
  @ApiOperation({ operationId: 'assessPartnerTraits', summary: 'Records which traits are met.' })
  @ApiOkResponse({ type: PartnerResponse })
  async assessTraits(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Body() { traits }: AssessTraitsBody,
  ): Promise<Answer<PartnerView>> {
    const said = Object.fromEntries(
      PARTNER_TRAITS.flatMap((trait) =>
        typeof traits[trait] === 'boolean' ? [[trait, traits[trait]]] : [],
      ),
    );
    const input = { partnerId: partnerId(path.partnerId), traits: said };
    return this.changed(new AssessPartnerTraits(caller, context, input));
  }

  @Post(':partnerId/users')
  @ApiOperation({
    operationId: 'linkPartnerUser',
    summary: 'Lets an identity act for the partner; it may act for nobody else in the network.',
  })
  @ApiCreatedResponse({ type: PartnerResponse })
  async linkUser(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Body() { issuer, subject }: PartnerUserBody,
  ): Promise<Answer<PartnerView>> {
    const input = { partnerId: partnerId(path.partnerId), user: { issuer, subject } };
    return this.changed(new LinkPartnerUser(caller, context, input), { status: 201 });
  }

  @Post(':partnerId/users/unlink')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'unlinkPartnerUser',
    summary: 'Ends at once what an identity may do for the partner.',
  })
  @ApiOkResponse({ type: PartnerResponse })
  async unlinkUser(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: PartnerPath,
    @Body() { issuer, subject }: PartnerUserBody,
  ): Promise<Answer<PartnerView>> {
    const input = { partnerId: partnerId(path.partnerId), user: { issuer, subject } };
    return this.changed(new UnlinkPartnerUser(caller, context, input));
  }

  private async changed(
    command: object,
    options: { readonly status?: number; readonly location?: string } = {},
  ): Promise<Answer<PartnerView>> {
    const { partner, position } = await this.commands.execute<object, PartnerAnswer>(command);
    return answer(profileViewOf(partner), position, options);
  }
}

const managerIdOf = (id: number | null) => (id === null ? null : employeeId(id));
