import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AccessOptions } from '../../access.options.js';
import { Public } from '../public-routes.js';

/** RFC 9728: whose access tokens this API takes. The CLI finds its issuer here. */
@ApiTags('access')
@Controller('.well-known/oauth-protected-resource')
export class ProtectedResourceController {
  constructor(private readonly options: AccessOptions) {}

  @Get()
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    operationId: 'protectedResource',
    summary: 'Whose access tokens this API takes (RFC 9728).',
    security: [],
  })
  @ApiOkResponse({
    description: 'Authorization servers, and how a token is sent.',
    schema: {
      type: 'object',
      required: ['resource_name', 'authorization_servers', 'bearer_methods_supported'],
      properties: {
        resource_name: { type: 'string' },
        authorization_servers: { type: 'array', items: { type: 'string', format: 'uri' } },
        bearer_methods_supported: { type: 'array', items: { type: 'string' } },
      },
    },
  })
  describe() {
    return {
      resource_name: 'Keyledger',
      authorization_servers: this.options.issuers.map(({ issuer }) => issuer),
      bearer_methods_supported: ['header'],
    };
  }
}
