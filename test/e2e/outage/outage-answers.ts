import type { Reply, Sent } from '#test/served';

/** What a refusal tells a client that has to wait. */
export const refusal = ({ status, headers, body }: Reply) => ({
  status,
  type: headers.get('content-type')?.split(';')[0],
  retryAfter: Number(headers.get('retry-after')) > 0,
  code: body['code'],
});

export const unavailable = (code: string) => ({
  status: 503,
  type: 'application/problem+json',
  retryAfter: true,
  code,
});

/** Registers a partner once, however often it is sent. */
export const partner = (partnerId: number, as: string): Sent => ({
  as,
  body: { partnerId, name: 'Alder', status: 'active' },
  headers: { 'idempotency-key': `partner-${String(partnerId)}` },
});
