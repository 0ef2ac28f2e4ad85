import type { TestApplication } from '#test/application';

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (number | string)[];
  readonly extensions: Readonly<Record<string, unknown>> & {
    readonly code: string;
    readonly status: number;
  };
}

export interface GraphqlAnswer<T> {
  readonly status: number;
  readonly data: T;
  readonly errors: readonly GraphqlError[];
  readonly position: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

type Json = Readonly<Record<string, unknown>>;

/** What is asked at `/graphql`, as whoever the token names. */
export const graphqlCaller =
  (application: TestApplication) =>
  async <T = Record<string, never>>(
    query: string,
    options: {
      readonly as?: string;
      readonly variables?: Json;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<GraphqlAnswer<T>> => {
    const { as, variables, headers } = options;
    const {
      status,
      body,
      position,
      headers: answered,
      text,
    } = await application.call<{
      readonly data?: T;
      readonly errors?: readonly GraphqlError[];
    }>('/graphql', {
      method: 'POST',
      body: { query, ...(variables ? { variables } : {}) },
      ...(as === undefined ? {} : { as }),
      ...(headers ? { headers } : {}),
    });
    return {
      status,
      data: (body.data ?? {}) as T,
      errors: body.errors ?? [],
      position,
      headers: answered,
      text,
    };
  };

export const ISSUE = `mutation($input: IssueApiKeyInput!) {
  issueApiKey(input: $input) { keyId key status version masked position }
}`;

export const issueInput = (partnerId: number, label = 'Reporting') => ({
  input: { portal: 'affiliate', holder: { type: 'partner', id: partnerId }, label },
});

export interface Issued {
  readonly issueApiKey: {
    readonly keyId: string;
    readonly key: string;
    readonly status: string;
    readonly version: number;
    readonly masked: string;
    readonly position: string;
  };
}
