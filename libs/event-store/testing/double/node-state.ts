import type grpc from '@grpc/grpc-js';
import type { DoubleLog, LoggedEvent } from './double-log.js';
import { Faults } from './faults.js';
import type { Endpoint } from './faults.js';
import { refusals } from './refusals.js';

/** What the calls of one node share: the log as this node sees it, its role, its users and what is made to go wrong. */
export class NodeState {
  readonly faults = new Faults();
  readonly counts = { append: 0, batchAppend: 0, read: 0, eventsSent: 0, eventBytesSent: 0 };
  leader: Endpoint | undefined;
  /** The last index that reads still answer, while the node has no quorum. */
  oldHead: number | undefined;
  /** The index at which subscriptions to `$all` stand still, while reads go on. */
  heldAt: number | undefined;

  constructor(
    readonly log: DoubleLog,
    private readonly users: Readonly<Record<string, string>> | undefined,
  ) {}

  visibleLength(): number {
    return this.oldHead ?? this.log.length;
  }

  subscribedLength(): number {
    return Math.min(this.visibleLength(), this.heldAt ?? Infinity);
  }

  isVisible(event: LoggedEvent): boolean {
    return (
      this.oldHead === undefined ||
      event.position <= (this.log.at(this.oldHead - 1)?.position ?? -1n)
    );
  }

  authorize(metadata: grpc.Metadata): void {
    const { users } = this;
    if (!users) return;
    const [header] = metadata.get('authorization');
    if (header === undefined) throw refusals.accessDenied();
    const [name = '', password] = Buffer.from(String(header).replace(/^Basic /, ''), 'base64')
      .toString('utf8')
      .split(/:(.*)/s);
    if (!Object.hasOwn(users, name) || users[name] !== password) throw refusals.unauthenticated();
  }

  requireLeader(metadata: grpc.Metadata): void {
    const required = metadata.get('requires-leader').some((value) => String(value) === 'true');
    if (this.leader && required) throw refusals.notLeader(this.leader);
  }
}
