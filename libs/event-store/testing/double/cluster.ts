import { randomUUID } from 'node:crypto';
import type { handleUnaryCall } from '@grpc/grpc-js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Endpoint } from './faults.js';

const SERVER_VERSION = '24.6.0';

export interface DoubleMember extends Endpoint {
  readonly role: 'leader' | 'follower' | 'dead';
}

/** What a client asks before anything else: which of its routes the server has. */
export const supportedMethods: handleUnaryCall<unknown, unknown> = (_call, answer) => {
  const response = new features.SupportedMethods();
  response.setEventStoreServerVersion(SERVER_VERSION);
  const methods: Readonly<Record<string, readonly string[]>> = {
    read: ['position', 'events'],
    append: [],
    delete: [],
    tombstone: [],
    batchappend: ['deadline_duration'],
  };
  for (const [name, list] of Object.entries(methods)) {
    const method = new features.SupportedMethod();
    method.setServiceName('event_store.client.streams.streams');
    method.setMethodName(name);
    method.setFeaturesList([...list]);
    response.addMethods(method);
  }
  answer(null, response);
};

/** Who belongs to the cluster, and who leads. */
export const gossipOf =
  (members: () => readonly DoubleMember[]): handleUnaryCall<unknown, unknown> =>
  (_call, answer) => {
    const { VNodeState } = gossip.MemberInfo;
    const response = new gossip.ClusterInfo();
    for (const { host, port, role } of members()) {
      const endpoint = new gossip.EndPoint();
      endpoint.setAddress(host);
      endpoint.setPort(port);
      const member = new gossip.MemberInfo();
      member.setInstanceId(new shared.UUID().setString(randomUUID()));
      member.setTimeStamp(String(BigInt(Date.now()) * 10_000n));
      member.setState(role === 'leader' ? VNodeState.LEADER : VNodeState.FOLLOWER);
      member.setIsAlive(role !== 'dead');
      member.setHttpEndPoint(endpoint);
      response.addMembers(member);
    }
    answer(null, response);
  };
