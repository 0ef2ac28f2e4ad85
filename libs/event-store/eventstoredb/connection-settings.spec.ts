import { describe, expect, it } from '@jest/globals';
import {
  ConnectionStringError,
  describeConnection,
  parseConnectionString,
} from './connection-settings.js';

describe('connection string', () => {
  it('takes one host, encrypted unless it says otherwise, on the usual port', () => {
    expect(parseConnectionString('esdb://db.example')).toMatchObject({
      hosts: [{ address: 'db.example', port: 2113 }],
      discover: false,
      tls: true,
    });
    expect(parseConnectionString('esdb://127.0.0.1:2114?tls=false').tls).toBe(false);
    expect(parseConnectionString('esdb://127.0.0.1:2114/?tls=false').tls).toBe(false);
  });

  it('takes a cluster by its list of nodes or by one name', () => {
    expect(parseConnectionString('esdb://a:1,b:2,c').hosts).toEqual([
      { address: 'a', port: 1 },
      { address: 'b', port: 2 },
      { address: 'c', port: 2113 },
    ]);
    expect(parseConnectionString('esdb+discover://cluster.example:2113')).toMatchObject({
      discover: true,
    });
  });

  it('takes credentials, percent-encoded, with colons in the password', () => {
    expect(parseConnectionString('esdb://admin:a%40b:c%2Fd@h').credentials).toEqual({
      username: 'admin',
      password: 'a@b:c/d',
    });
  });

  it('takes the authority, certificates and times', () => {
    expect(
      parseConnectionString(
        'esdb://h?tlsCAFile=%2Fetc%2Fca.pem&userCertFile=c&userKeyFile=k&defaultDeadline=2000&KeepAlive_Interval=20000',
      ),
    ).toMatchObject({
      tlsCaFile: '/etc/ca.pem',
      userCertFile: 'c',
      userKeyFile: 'k',
      defaultDeadlineMs: 2_000,
      keepAliveIntervalMs: 20_000,
    });
  });

  it.each([
    ['http://h', /shape/],
    ['esdb://', /shape/],
    ['esdb://admin@h', /user:password/],
    ['esdb://h:99999', /host/],
    ['esdb+discover://a,b', /one host/],
    ['esdb://h?nodePreference=follower', /leader/],
    ['esdb://h?throwOnAppendFailure=false', /throwOnAppendFailure/],
    ['esdb://h?tlsVerifyCert=false', /tlsCAFile/],
    ['esdb://h?tls=yes', /true or false/],
    ['esdb://h?userCertFile=c', /go together/],
    ['esdb://h?keepAliveInterval=500', /1000/],
    ['esdb://h?unheardOf=1', /unheardOf/],
  ])('refuses %s and says why', (text, why) => {
    expect(() => parseConnectionString(text)).toThrow(ConnectionStringError);
    expect(() => parseConnectionString(text)).toThrow(why);
  });

  it('never repeats a credential', () => {
    const settings = parseConnectionString('esdb://admin:geheim@h1,h2?tls=false');
    expect(describeConnection(settings)).toBe('eventstoredb esdb://h1:2113,h2:2113 without TLS');
    for (const text of [
      'esdb://admin:geheim@h?x=1',
      'esdb://admin:geheim@h:0',
      'esdb://:geheim@h',
      'esdb://admin:geheim',
    ])
      expect(messageOf(text)).not.toContain('geheim');
  });
});

function messageOf(text: string): string {
  try {
    parseConnectionString(text);
  } catch (error) {
    return String(error);
  }
  throw new Error('it should have been refused');
}
