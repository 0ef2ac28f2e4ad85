import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import type { Credentials } from '@eventstore/db-client';
import type { ConnectionSettings } from './connection-settings.js';
import { ConnectionStringError } from './connection-settings.js';
import { noop } from './waiting.js';

/** For calls that do not learn that they are over. */
export const CLOSE_TIMEOUT_MS = 2_000;
/** A node that took a connection and has said nothing on it for so long is left. */
export const CONNECT_TIMEOUT_MS = 3_000;
/** gRPC's connectivity states and status, of which the client exports none. */
const CONNECTING = 1;
const READY = 2;
const SHUTDOWN = 4;
const UNAVAILABLE = 14;

/** Members of the client that its types hide. */
interface Internals {
  handleError: (client: unknown, error: unknown) => Promise<void>;
  supports: () => Promise<boolean>;
  getChannel: () => Promise<Channel>;
  createChannel: () => Promise<Channel>;
}

interface Channel {
  close(): void;
  getConnectivityState(tryToConnect: boolean): number;
  watchConnectivityState(currentState: number, deadline: number, changed: () => void): void;
}

/** Sent over an insecure connection only, where the client drops them: they choose its route, and nobody sees them. */
const ROUTE_ONLY: Credentials = { username: 'none', password: 'none' };

/** The vendor's client, with the ways closed on which it can end the process. */
export class SafeClient {
  readonly client: EventStoreDBClient;
  /** For every call. Calls that carry them take the plain route (trap 1). */
  readonly credentials: Credentials | undefined;
  private used = false;
  private watching = false;
  private connections = 0;

  constructor(settings: ConnectionSettings) {
    this.credentials = settings.credentials ?? (settings.tls ? undefined : ROUTE_ONLY);
    this.client = quietly(() => newClient(settings));
    const internals = this.client as unknown as Internals;
    // Without credentials it asks here whether to take the batch route, where one stray answer throws inside an event
    // handler (trap 1).
    internals.supports = () => Promise.resolve(false);
    // It calls this without awaiting it, and it rejects when the next connection fails meanwhile: an unhandled
    // rejection, which ends the process.
    const handleError = internals.handleError.bind(this.client);
    internals.handleError = async (client, error) => {
      await handleError(client, error).catch(() => undefined);
    };
    const createChannel = internals.createChannel;
    internals.createChannel = async () => {
      const channel = await createChannel();
      this.connections += 1;
      this.leaveWhenLost(channel);
      return channel;
    };
  }

  /** What began and was answered under one number went over one connection, so it met one server. */
  get connection(): number {
    return this.connections;
  }

  /** The number of the connection that the next call takes, unless it is lost before. */
  async connect(): Promise<number> {
    this.used = true;
    await (this.client as unknown as Internals).getChannel();
    return this.connections;
  }

  use(): EventStoreDBClient {
    this.used = true;
    if (!this.watching) void this.leaveSilentNode();
    return this.client;
  }

  /**
   * A frozen or cut-off node takes connections, or lets them hang, and says nothing: the channel stays connecting for
   * ever. Its calls run into their deadlines, after which the client, unlike after an unavailable, looks for no other
   * leader.
   */
  private async leaveSilentNode(): Promise<void> {
    this.watching = true;
    const internals = this.client as unknown as Internals;
    try {
      const channel = await internals.getChannel();
      if (channel.getConnectivityState(false) === READY) return;
      await pause(CONNECT_TIMEOUT_MS, undefined, { ref: false });
      if (channel.getConnectivityState(false) !== CONNECTING) return;
      const silent = Object.assign(new Error('the node says nothing'), { code: UNAVAILABLE });
      await internals.handleError({ getChannel: () => channel }, silent);
    } catch {
      // No node was found: the calls tell.
    } finally {
      this.watching = false;
    }
  }

  /**
   * By itself a channel connects again, and sends what waits to whatever server is there now. The channel says that a
   * connection is lost before any other one can be there.
   */
  private leaveWhenLost(channel: Channel): void {
    const state = channel.getConnectivityState(false);
    if (state === SHUTDOWN) return;
    channel.watchConnectivityState(state, Infinity, () => {
      if (state !== READY) {
        this.leaveWhenLost(channel);
        return;
      }
      this.connections += 1;
      if (channel.getConnectivityState(false) === SHUTDOWN) return;
      const lost = Object.assign(new Error('the connection was lost'), { code: UNAVAILABLE });
      void (this.client as unknown as Internals).handleError({ getChannel: () => channel }, lost);
    });
  }

  /** `dispose` ends the streams, and leaves the connection open. */
  async close(): Promise<void> {
    await Promise.race([this.client.dispose(), pause(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    if (!this.used) return;
    const internals = this.client as unknown as Internals;
    await internals.getChannel().then(
      (channel) => {
        channel.close();
      },
      () => undefined,
    );
  }
}

/** The client warns on the console, beside the logs, of the keep-alive interval that was chosen on purpose. */
function quietly<T>(make: () => T): T {
  const loud = globalThis.console as { warn: (...words: unknown[]) => void };
  const { warn } = loud;
  loud.warn = noop;
  try {
    return make();
  } finally {
    loud.warn = warn;
  }
}

function newClient(settings: ConnectionSettings): EventStoreDBClient {
  const { hosts, tls, credentials } = settings;
  const common = {
    throwOnAppendFailure: true,
    keepAliveInterval: settings.keepAliveIntervalMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    ...(settings.connectionName !== undefined && { connectionName: settings.connectionName }),
    ...(settings.defaultDeadlineMs !== undefined && {
      defaultDeadline: settings.defaultDeadlineMs,
    }),
  };
  const cluster = {
    ...common,
    nodePreference: 'leader' as const,
    ...(settings.discoveryIntervalMs !== undefined && {
      discoveryInterval: settings.discoveryIntervalMs,
    }),
    ...(settings.discoverAttemptsMax !== undefined && {
      maxDiscoverAttempts: settings.discoverAttemptsMax,
    }),
    gossipTimeout: settings.gossipTimeoutSeconds,
  };
  const channel = {
    insecure: !tls,
    ...(tls && settings.tlsCaFile !== undefined && { rootCertificate: pem(settings.tlsCaFile) }),
    ...(tls && settings.userCertFile !== undefined && { userCertFile: pem(settings.userCertFile) }),
    ...(tls && settings.userKeyFile !== undefined && { userKeyFile: pem(settings.userKeyFile) }),
  };
  const endpoints = hosts.map(({ address, port }) => ({ address, port }));
  const [endpoint] = endpoints;
  if (!endpoint) throw new ConnectionStringError('no host');
  if (settings.discover)
    return new EventStoreDBClient({ ...cluster, discover: endpoint }, channel, credentials);
  if (endpoints.length > 1)
    return new EventStoreDBClient({ ...cluster, endpoints }, channel, credentials);
  return new EventStoreDBClient({ ...common, endpoint }, channel, credentials);
}

function pem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConnectionStringError(
      `can't read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
