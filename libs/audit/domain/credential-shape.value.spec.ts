import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { looksLikeCredential } from './credential-shape.value.js';

describe('a text that looks like a credential', () => {
  it('is a share token, its link, a webhook credential or an access token, also amid other words', () => {
    const token = 'q9ZsT1mXvB3nL0kPwRfYcD7eUaHgJ5tQxW2oI8rKyVM';
    for (const text of [
      token,
      `https://keys.example.com/v1/share#${token}`,
      `klwh_101_${randomUUID()}_${token}`,
      `found ${token} in a chat`,
      'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6InRlc3QifQ.eyJzdWIiOiJhIn0.c2ln',
    ])
      expect({ text, found: looksLikeCredential(text) }).toEqual({ text, found: true });
  });

  it('is none that names a stream, an id, a hash or a person', () => {
    for (const text of [
      'keyRing-101-marketplace-marketplacePartner-9007199254740991',
      `identity-101-${randomBytes(32).toString('hex')}`,
      randomUUID(),
      'http://127.0.0.1:7301#a-rather-long-subject-of-a-service-account',
      'the manager asked for the weekly sub ID report again',
    ])
      expect({ text, found: looksLikeCredential(text) }).toEqual({ text, found: false });
  });
});
