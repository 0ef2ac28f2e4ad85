import { Controller, Get, Res, ServiceUnavailableException, SetMetadata } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { HealthChecks } from './health.js';

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
  @ApiOperation({ summary: 'The process runs' })
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'The process can serve: event store, database and projections answer',
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
