import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Public } from '#access';
import { sharePage } from '../share-page/share.page.js';

/** What this needs of Fastify's reply. */
export interface HtmlReply {
  header(name: string, value: string): HtmlReply;
}

@ApiTags('shares')
@Controller('share')
export class SharePageController {
  @Get()
  @Public()
  @ApiOperation({
    operationId: 'sharePage',
    summary: 'The page that a share link opens.',
    description:
      'Static, the same for every link: the token stands in the fragment, which is never sent. Loading the page opens nothing.',
    security: [],
  })
  @ApiProduces('text/html')
  @ApiOkResponse({
    description: 'The page.',
    content: { 'text/html': { schema: { type: 'string' } } },
  })
  page(@Res({ passthrough: true }) reply: HtmlReply): string {
    const { html, headers } = sharePage();
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    return html;
  }
}
