import type { ArgumentsHost } from '@nestjs/common';
import { Catch } from '@nestjs/common';
import { domainErrorOf, ProblemCatalogue, ProblemFilter, problemOf } from '#problems';
import { shareRefusedPage } from '../share-page/share.page.js';
import { wantsHtml } from './wants-html.value.js';

interface FormRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
}

interface FormReply {
  readonly sent: boolean;
  status(code: number): FormReply;
  header(name: string, value: string): FormReply;
  send(body: string): unknown;
}

/** To a person who posted the form, a page; to programs, the problem document as everywhere. */
@Catch()
export class ShareRefusedFilter extends ProblemFilter {
  constructor(private readonly problems: ProblemCatalogue) {
    super(problems);
  }

  override catch(error: unknown, host: ArgumentsHost): unknown {
    const request = host.switchToHttp().getRequest<FormRequest>();
    const known = domainErrorOf(error);
    const problem = problemOf(this.problems, known);
    // What is wrong with us, and not with the link, keeps the filter's log entry and its Retry-After.
    if (!wantsHtml(request.headers['accept']) || problem.status >= 500)
      return super.catch(error, host);
    const reply = host.switchToHttp().getResponse<FormReply>();
    if (reply.sent) return undefined;
    const token = tokenOf(request.body);
    const { html, headers } = shareRefusedPage({
      ...(known.code === 'request/invalid' ? NOT_AS_SENT : problem),
      signInNeeded:
        known.code === 'access/unauthenticated' || known.code === 'keys/share-other-user',
      ...(known.code === 'keys/share-wrong-passphrase' && token !== undefined
        ? { retryToken: token }
        : {}),
    });
    reply.status(problem.status);
    const retryAfterSeconds = known.details['retryAfterSeconds'];
    if (typeof retryAfterSeconds === 'number')
      reply.header('Retry-After', String(Math.ceil(retryAfterSeconds)));
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    return reply.send(html);
  }
}

/** What a form can get wrong at all: programs are told of fields, a person of what was typed. */
const NOT_AS_SENT = {
  title: 'This is not what you were sent',
  detail:
    'The passphrase or the code of the link is far too long, or missing. Copy both again, as they were sent to you.',
};

function tokenOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('token' in body)) return undefined;
  return typeof body.token === 'string' ? body.token : undefined;
}
