import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

const CREATED_AT = 1_760_000_000;

describe('webhooks of a vendor', () => {
  let product: TestApplication;
  let sam: string;
  let nora: string;
  let credential: string;

  const record = (partnerId: number, more: object = {}) => ({
    network_affiliate_id: partnerId,
    name: 'Alder',
    account_status: 'active',
    time_created: CREATED_AT,
    time_saved: CREATED_AT,
    ...more,
  });
  const send = (kind: string, body: unknown, secret = credential) =>
    product.call(`/v1/webhooks/partners/${kind}`, {
      body,
      headers: { 'x-keyledger-webhook-credential': secret },
    });
  const partner = async (partnerId: number, as = sam) => {
    const head = String(await product.foundations.eventStore.head());
    return product.call(`/v1/partners/${String(partnerId)}?atLeast=${head}`, { as });
  };

  beforeAll(async () => {
    product = await testApplication();
    sam = await product.network(1);
    nora = await product.network(2);
    const { body } = await product.call('/v1/networks/1/webhook-credentials', {
      as: sam,
      body: { label: 'Vendor' },
    });
    credential = String(body['credential']);
  });
  afterAll(() => product.close());

  it('change nothing when they come again, in any number and at the same time', async () => {
    const first = await send('created', record(1));
    expect(first.body).toMatchObject({ outcome: 'registered' });
    const again = await Promise.all(Array.from({ length: 8 }, () => send('created', record(1))));
    expect(again.map(({ body }) => body['outcome'])).toEqual(again.map(() => 'unchanged'));
  });

  it('change nothing when they are older than what is known, and everything when newer', async () => {
    await send('created', record(2));
    const newer = { name: 'Alder Group', account_status: 'suspended', time_saved: CREATED_AT + 20 };
    expect((await send('updated', record(2, newer))).body['outcome']).toBe('changed');
    const older = { name: 'Old', account_status: 'active', time_saved: CREATED_AT + 10 };
    expect((await send('updated', record(2, older))).body['outcome']).toBe('unchanged');
    expect((await partner(2)).body).toMatchObject({ name: 'Alder Group', status: 'suspended' });
  });

  it('leave no event when they are older, whatever they say that nothing newer said', async () => {
    const verdict = {
      network_affiliate_id: 8,
      network_affiliate_name: 'Alder',
      new_status: 'active',
      timestamp: CREATED_AT + 20,
    };
    await send('sign-up-verdict', verdict);
    const log = async () =>
      (await product.call('/v1/audit?partnerId=8', { as: sam })).body['items'];
    const before = await log();
    const older = { network_employee_id: 7, time_saved: CREATED_AT + 19 };
    for (const kind of ['created', 'updated', 'signed-up'])
      expect((await send(kind, record(8, older))).body['outcome']).toBe('unchanged');
    expect(await log()).toEqual(before);
    expect((await partner(8)).body['managerId']).toBeNull();
    const updated = { network_employee_id: 7, time_saved: CREATED_AT + 20 };
    expect((await send('updated', record(8, updated))).body['outcome']).toBe('changed');
    expect((await partner(8)).body['managerId']).toBe(7);
  });

  it('reach only the network of their credential, whatever the payload says', async () => {
    const refused = await send('created', record(3, { network_id: 2 }));
    expect([refused.status, refused.body['code']]).toEqual([400, 'partners/malformed-record']);
    await send('created', record(4));
    expect((await partner(4, nora)).status).toBe(404);
    expect((await partner(4)).status).toBe(200);
  });

  it('are refused alike without a credential, with a wrong one, and with another network’s changed by a letter', async () => {
    const bad = ['', 'x', `${credential.slice(0, -1)}${credential.endsWith('A') ? 'B' : 'A'}`];
    for (const secret of bad) {
      const { status, body } = await send('created', record(5), secret);
      expect([status, body['code']]).toEqual([401, 'networks/webhook-credential-invalid']);
    }
    expect((await partner(5)).status).toBe(404);
  });

  it('never silence a partner by a time in the future', async () => {
    const ahead = Math.floor(Date.now() / 1_000) + 86_400;
    expect((await send('created', record(6, { time_saved: ahead }))).body).toMatchObject({
      errors: [{ pointer: '/time_saved', problem: 'in-the-future' }],
    });
    expect((await send('created', record(6))).body['outcome']).toBe('registered');
  });

  it('keep out of the ledger what nothing needs', async () => {
    await send('created', record(7, { contact_address: { city: 'Exampleton' }, phone: '+1555' }));
    const trail = await product.call(`/v1/audit?partnerId=7`, { as: sam });
    expect(trail.text).not.toMatch(/Exampleton|\+1555/);
  });
});
