import type { INestApplication } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { Position } from '#event-store';
import { PositionsSeen } from '#event-store';

export const POSITION_HEADER = 'x-ledger-position';

/** What one request's answer is true at. Of several calls (the fields of a GraphQL operation), the least counts. */
export class AnswerPosition {
  /** What was read to let the request in; where nothing was, what this process had seen of the log before. */
  readonly admission: PositionsSeen;
  private readonly said = new PositionsSeen();
  private authenticated = false;

  constructor(process: PositionsSeen) {
    this.admission = new PositionsSeen(process);
  }

  /**
   * The request carries a valid access token: its refusals say their position too. A stranger's don't: nobody without a
   * token is to watch how fast the log grows.
   */
  authenticate(): void {
    this.authenticated = true;
  }

  /** A call was carried out, and its answer names its position. */
  answered(at: Position): void {
    this.said.snapshot(at);
  }

  /** A call ended without one: it was refused, or has none to name. */
  ended(call: PositionsSeen): void {
    if (this.authenticated && call.own !== undefined) this.said.snapshot(call.own);
  }

  /** `undefined`: the answer says none. */
  get position(): Position | undefined {
    return this.said.own ?? (this.authenticated ? this.admission.position : undefined);
  }
}

/** The position of each request's answer, and what this process has seen of the log. */
@Injectable()
export class AnswerPositions {
  readonly process = new PositionsSeen();
  private readonly answers = new WeakMap<object, AnswerPosition>();

  of(request: object): AnswerPosition {
    let answer = this.answers.get(request);
    if (!answer) {
      answer = new AnswerPosition(this.process);
      this.answers.set(request, answer);
    }
    return answer;
  }
}

interface HookedServer {
  addHook(
    name: 'onSend',
    hook: (
      request: object,
      reply: { header(name: string, value: string): unknown },
      payload: unknown,
      done: () => void,
    ) => void,
  ): unknown;
}

/** The one place that sets `X-Ledger-Position`, on whatever is answered. Call it before `app.init()`. */
export function installPositions(app: INestApplication): void {
  const positions = app.get(AnswerPositions, { strict: false });
  const server = app.getHttpAdapter().getInstance() as HookedServer;
  server.addHook('onSend', (request, reply, _, done) => {
    const { position } = positions.of(request);
    if (position !== undefined) reply.header(POSITION_HEADER, String(position));
    done();
  });
}
