import { describe, expect, it } from '@jest/globals';
import { DescribedAnswers } from '#test/described-answers';

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const described = new DescribedAnswers({
  openapi: '3.1.0',
  paths: {
    '/v1/walls/{wallId}': {
      get: {
        parameters: [{ in: 'query', name: 'atLeast' }],
        responses: {
          200: {
            ...json({ $ref: '#/components/schemas/Wall' }),
            headers: { 'x-correlation-id': {}, 'x-ledger-position': {} },
          },
          404: {
            ...json({ type: 'object' }),
            headers: { 'x-ledger-position': {} },
          },
        },
      },
    },
    '/v1/walls/first': {
      post: {
        requestBody: json({ $ref: '#/components/schemas/Wall' }),
        responses: { 201: json({ type: 'string' }) },
      },
    },
  },
  components: {
    schemas: {
      Wall: {
        type: 'object',
        required: ['height'],
        properties: {
          height: { type: 'integer' },
          builtAt: { type: 'string', format: 'date-time' },
        },
      },
    },
  },
});

const JSON_ONLY = { 'content-type': 'application/json; charset=utf-8' };
const SAID = { ...JSON_ONLY, 'x-correlation-id': 'one', 'x-ledger-position': '7' };
const got = (body: object, more: object = {}) =>
  described.problemsOf({
    method: 'GET',
    url: '/v1/walls/7',
    status: 200,
    headers: SAID,
    text: JSON.stringify(body),
    ...more,
  });
const posted = (request: object, status = 201) =>
  described.problemsOf({
    method: 'POST',
    url: '/v1/walls/first',
    request,
    status,
    headers: { 'content-type': 'application/json' },
    text: '"done"',
  });

describe('what is compared with the description of the API', () => {
  it('passes when all is as it is described, and where nothing is described', () => {
    expect(got({ height: 3, builtAt: '2026-01-31T12:00:00.000Z' })).toEqual([]);
    expect(got({}, { url: '/v1/roofs' })).toEqual([]);
    expect(posted({ height: 3 })).toEqual([]);
    expect(posted({ odd: true }, 405)).toEqual([]);
    expect(got({}, { status: 404, headers: JSON_ONLY })).toEqual([]);
    expect(
      got({ code: 'request/not-found' }, { status: 404, token: true, headers: JSON_ONLY }),
    ).toEqual([]);
  });

  it.each<[string, readonly string[], string]>([
    ['a missing field', got({}), "required property 'height'"],
    ['a field of another type', got({ height: '3' }), 'must be integer'],
    ['a format', got({ height: 3, builtAt: 'yesterday' }), 'format "date-time"'],
    ['a field that is not described', got({ height: 3, colour: 'red' }), '"colour"'],
    ['a status', got({ height: 3 }, { status: 418 }), 'answers 418, which is not described'],
    ['a media type', got({}, { headers: { 'content-type': 'text/html' } }), 'as text/html'],
    [
      'a header',
      got({ height: 3 }, { headers: { ...JSON_ONLY, 'x-ledger-position': '7' } }),
      'without its header x-correlation-id',
    ],
    [
      'a header that is not described',
      got({ height: 3 }, { headers: { ...SAID, etag: '"3"' } }),
      'with etag, which is not described',
    ],
    [
      'a position that is missing',
      got({ height: 3 }, { headers: { ...JSON_ONLY, 'x-correlation-id': 'one' } }),
      'without its header x-ledger-position',
    ],
    [
      'a refusal without its position',
      got({ code: 'walls/gone' }, { status: 404, token: true, headers: JSON_ONLY }),
      'answers 404 without its header x-ledger-position',
    ],
    [
      'a position told to a stranger',
      got({}, { status: 404, headers: { ...JSON_ONLY, 'x-ledger-position': '7' } }),
      'with x-ledger-position to somebody without a token',
    ],
    [
      'a position missing in GraphQL',
      got({}, { url: '/graphql', token: true, headers: JSON_ONLY }),
      'without its header x-ledger-position',
    ],
    ['a query', got({ height: 3 }, { url: '/v1/walls/7?atleast=1' }), 'takes ?atleast'],
    ['a request that was accepted', posted({ height: 3, colour: 'red' }), 'request'],
  ])('tells of %s', (_, problems, said) => {
    expect(problems).toEqual([expect.stringContaining(said)]);
  });
});
