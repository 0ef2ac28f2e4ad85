import { describe, expect, it } from '@jest/globals';
import { addressKey, ClientAddresses } from './client-addresses.js';

describe('the address of a client', () => {
  it('is the socket’s, whatever a header says, unless a proxy is trusted', () => {
    const none = new ClientAddresses([]);
    expect(none.of('192.0.2.1', '198.51.100.7')).toBe('192.0.2.1');
    expect(none.of('::ffff:192.0.2.1', undefined)).toBe('192.0.2.1');
    expect(none.of('fe80::1%eth0', undefined)).toBe('fe80::1');
    expect(none.of(undefined, '198.51.100.7')).toBe('unknown');
  });

  it('is the last hop that is no trusted proxy', () => {
    const proxies = new ClientAddresses(['10.0.0.0/8', '2001:db8::1']);
    expect(proxies.of('10.0.0.1', '198.51.100.7')).toBe('198.51.100.7');
    expect(proxies.of('::ffff:10.0.0.1', '203.0.113.9, 198.51.100.7, 10.2.3.4')).toBe(
      '198.51.100.7',
    );
    expect(proxies.of('2001:db8::1', '2001:db8:1::5')).toBe('2001:db8:1::5');
    expect(proxies.of('192.0.2.1', '198.51.100.7')).toBe('192.0.2.1');
    expect(proxies.of('10.0.0.1', undefined)).toBe('10.0.0.1');
  });

  it('is found beside a port, which some proxies write, too', () => {
    const proxies = new ClientAddresses(['10.0.0.0/8', '2001:db8::1']);
    expect(proxies.of('10.0.0.1', '198.51.100.7:51234, 10.2.3.4:443')).toBe('198.51.100.7');
    expect(proxies.of('10.0.0.1', '[2001:db8:1::5]:51234')).toBe('2001:db8:1::5');
    expect(proxies.of('10.0.0.1', '[2001:db8:1::5]')).toBe('2001:db8:1::5');
    expect(proxies.of('10.0.0.1', '[198.51.100.7]x')).toBe('10.0.0.1');
  });

  it('stops at junk: what a stranger wrote before it is not believed', () => {
    const proxies = new ClientAddresses(['10.0.0.0/8']);
    expect(proxies.of('10.0.0.1', '198.51.100.7, not-an-address')).toBe('10.0.0.1');
    expect(proxies.of('10.0.0.1', '')).toBe('10.0.0.1');
    expect(proxies.of('10.0.0.1', Array.from({ length: 1_000 }, () => '10.0.0.9').join())).toBe(
      '10.0.0.9',
    );
  });

  it('counts an IPv6 /64 as one caller', () => {
    expect(addressKey('2001:db8:1:2:3:4:5:6')).toBe(addressKey('2001:db8:1:2::1'));
    expect(addressKey('2001:db8:1:3::1')).not.toBe(addressKey('2001:db8:1:2::1'));
    expect(addressKey('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(addressKey('unknown')).toBe('unknown');
  });

  it('refuses a proxy that is no address and no CIDR', () => {
    for (const bad of ['', 'proxy.example', '10.0.0.0/33', '10.0.0/8x'])
      expect(() => new ClientAddresses([bad])).toThrow(TypeError);
  });
});
