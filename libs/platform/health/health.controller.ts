import { Controller, Get, Res, ServiceUnavailableException, SetMetadata } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { HealthChecks } from './health.js';

const indicators = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    required: ['status'],
    properties: { status: { type: 'string', enum: ['up', 'down'] }, detail: { type: 'string' } },
  },
};
const readiness = {
  type: 'object',
  required: ['status', 'info', 'error', 'details'],
  properties: {
    status: { type: 'string', enum: ['ok', 'error', 'shutting_down'] },
    info: indicators,
    error: indicators,
    details: indicators,
  },
};

@ApiTags('health')
@Controller('health')
@SetMetadata('keyledger:public', true)
export class HealthController {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly checks: HealthChecks,
  ) {}

  @Get('live')
  @ApiOperation({ operationId: 'checkLiveness', summary: 'The process runs.' })
  @ApiOkResponse({
    description: 'It runs.',
    schema: {
      type: 'object',
      required: ['status'],
      properties: { status: { type: 'string', enum: ['ok'] } },
    },
  })
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'checkReadiness',
    summary: 'The process can serve: event store, database and projections answer.',
  })
  @ApiOkResponse({ description: 'It can.', schema: readiness })
  @ApiServiceUnavailableResponse({
    description: 'It can not; `error` says why.',
    schema: readiness,
  })
  async ready(@Res({ passthrough: true }) reply: { status(code: number): unknown }) {
    const { checks } = await this.checks.readiness();
    try {
      return await this.terminus.check(
        Object.entries(checks).map(([name, { up, detail }]) => () => {
          const indicator = this.indicators.check(name);
          const more: Record<string, string> = detail === undefined ? {} : { detail };
          return up ? indicator.up(more) : indicator.down(more);
        }),
      );
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      reply.status(error.getStatus());
      return error.getResponse();
    }
  }
}
