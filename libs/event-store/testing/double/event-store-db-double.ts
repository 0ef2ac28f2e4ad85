import grpc from '@grpc/grpc-js';
import featuresRpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import gossipRpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import streamsRpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Appends } from './appends.js';
import { gossipOf, supportedMethods } from './cluster.js';
import type { DoubleMember } from './cluster.js';
import { Deletes } from './deletes.js';
import { DoubleLog } from './double-log.js';
import type { Endpoint, Faults } from './faults.js';
import { NodeState } from './node-state.js';
import { Reads } from './reads.js';
import { selfMadeCertificate } from './self-made-certificate.js';
import { TcpGate } from './tcp-gate.js';

export interface DoubleOptions {
  /** 0 or absent: any free one. */
  readonly port?: number;
  /** Nodes of one cluster share a log. */
  readonly log?: DoubleLog;
  /** Name to password. Absent: an insecure node that asks for none. They only travel over TLS. */
  readonly users?: Readonly<Record<string, string>>;
  readonly tls?: boolean;
  /** What gossip tells of the cluster; absent: this node alone. */
  readonly members?: () => readonly DoubleMember[];
}

const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;
const HOST = '127.0.0.1';

/**
 * A protocol double of EventStoreDB: a gRPC server on the client package's own stubs, in memory, that answers as a real
 * 24.6 does, and can be made to fail.
 */
export class EventStoreDbDouble {
  readonly faults: Faults;
  /** What it was asked, and what it sent, since it began. */
  readonly counts: NodeState['counts'];
  readonly log: DoubleLog;
  /** PEM of the authority of its certificate, with `tls`. */
  readonly certificateAuthority: string | undefined;
  private readonly server: grpc.Server;
  private readonly node: NodeState;
  private readonly reads: Reads;
  private gate: TcpGate | undefined;
  private readonly keyPem: string | undefined;

  private constructor(private readonly options: DoubleOptions) {
    this.log = options.log ?? new DoubleLog();
    this.node = new NodeState(this.log, options.users);
    ({ faults: this.faults, counts: this.counts } = this.node);
    this.reads = new Reads(this.node);
    const appends = new Appends(this.node);
    const deletes = new Deletes(this.node);
    const certificate = options.tls === true ? selfMadeCertificate() : undefined;
    this.certificateAuthority = certificate?.certificatePem;
    this.keyPem = certificate?.keyPem;
    this.server = new grpc.Server({ 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX });
    this.server.addService(streamsRpc.StreamsService, {
      read: this.reads.read,
      append: appends.append,
      batchAppend: appends.batchAppend,
      delete: deletes.delete,
      tombstone: deletes.tombstone,
    });
    this.server.addService(featuresRpc.ServerFeaturesService, {
      getSupportedMethods: supportedMethods,
    });
    this.server.addService(gossipRpc.GossipService, {
      read: gossipOf(
        () => options.members?.() ?? [{ host: HOST, port: this.port, role: 'leader' }],
      ),
    });
  }

  static async start(options: DoubleOptions = {}): Promise<EventStoreDbDouble> {
    const double = new EventStoreDbDouble(options);
    const insidePort = await double.bind();
    double.gate = new TcpGate(HOST, insidePort);
    try {
      await double.gate.open(options.port ?? 0);
    } catch (error) {
      double.server.forceShutdown();
      throw error;
    }
    return double;
  }

  get port(): number {
    return this.gate?.port ?? 0;
  }

  get connectionString(): string {
    return `esdb://${HOST}:${String(this.port)}?tls=${String(this.options.tls === true)}`;
  }

  async stop(): Promise<void> {
    await this.gate?.close();
    const closed = new Promise<void>((resolve) => {
      this.server.tryShutdown(() => {
        resolve();
      });
    });
    this.server.forceShutdown();
    await closed;
  }

  /** As a network does that loses its connections; the server lives on. */
  dropConnections(): void {
    this.gate?.cut();
  }

  /** As a stopped process: connections stay, nothing answers. */
  freeze(): void {
    this.gate?.freeze();
  }

  unfreeze(): void {
    this.gate?.thaw();
  }

  /** Refuses connections until `comeUp`. */
  async goDown(): Promise<void> {
    await this.gate?.close();
  }

  /** As after a restart: same log, same port, an empty memory of ids. */
  async comeUp(): Promise<void> {
    this.log.forgetIds();
    const { port } = this;
    await this.gate?.open(port);
  }

  /** A leader without its quorum: no append is accepted, reads are answered from the log as it was. */
  loseQuorum(): void {
    this.node.oldHead = this.log.length;
  }

  regainQuorum(): void {
    this.node.oldHead = undefined;
    this.log.wake();
  }

  /** Subscriptions to `$all` get nothing more until `releaseSubscriptions`, though reads see all. */
  holdSubscriptions(): void {
    this.node.heldAt = this.log.length;
  }

  releaseSubscriptions(): void {
    this.node.heldAt = undefined;
    this.log.wake();
  }

  /** From now on a follower of that node: calls that require a leader are sent there. */
  follow(leader: Endpoint): void {
    this.node.leader = leader;
  }

  lead(): void {
    this.node.leader = undefined;
  }

  /** Ends every open read and subscription with `unavailable`, on a connection that stays. */
  endReads(): void {
    this.reads.end();
  }

  private bind(): Promise<number> {
    const { certificateAuthority, keyPem } = this;
    const credentials =
      certificateAuthority !== undefined && keyPem !== undefined
        ? grpc.ServerCredentials.createSsl(null, [
            { cert_chain: Buffer.from(certificateAuthority), private_key: Buffer.from(keyPem) },
          ])
        : grpc.ServerCredentials.createInsecure();
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`${HOST}:0`, credentials, (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
  }
}
