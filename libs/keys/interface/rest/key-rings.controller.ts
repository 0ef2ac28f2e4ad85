import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import { ApiProblems } from '#rest';
import type { ChangedKeyRing } from '../../commands/key-outcomes.value.js';
import { ReinstateKeyRing } from '../../commands/reinstate-key-ring/reinstate-key-ring.command.js';
import { SuspendKeyRing } from '../../commands/suspend-key-ring/suspend-key-ring.command.js';
import { KeyRingBody } from './keys.dto.js';
import { ChangedKeyRingResponse } from './keys.responses.dto.js';

/** All keys of one holder at one portal, at once. */
@ApiTags('api-keys')
@ApiBearerAuth()
@Controller('key-rings')
export class KeyRingsController {
  constructor(private readonly commands: CommandBus) {}

  @Post('suspend')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'suspendKeyRing',
    summary: 'Suspends all keys of a holder at a portal, in one step.',
  })
  @ApiOkResponse({ type: ChangedKeyRingResponse })
  @ApiProblems(404)
  async suspend(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Body() body: KeyRingBody,
  ): Promise<Answer<ChangedKeyRing>> {
    const { value, position } = await this.commands.execute(
      new SuspendKeyRing(caller, context, inputOf(body)),
    );
    return answer(value, position);
  }

  @Post('reinstate')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'reinstateKeyRing',
    summary: 'Lifts the suspension of a holder; keys that were suspended by themselves stay so.',
  })
  @ApiOkResponse({ type: ChangedKeyRingResponse })
  @ApiProblems(404)
  async reinstate(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Body() body: KeyRingBody,
  ): Promise<Answer<ChangedKeyRing>> {
    const { value, position } = await this.commands.execute(
      new ReinstateKeyRing(caller, context, inputOf(body)),
    );
    return answer(value, position);
  }
}

const inputOf = ({ portal, holder, reason }: KeyRingBody) => ({
  portal,
  holder: { type: holder.type, id: holder.id },
  reason,
});
