import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { GraphQLError } from 'graphql';
import type { MercuriusContext } from 'mercurius';
import { RequestGate } from '#access';
import {
  assessCost,
  assessNesting,
  assessShape,
  GRAPHQL_DOCUMENT_CHARACTERS_MAX,
  RequestLoaders,
} from '#graphql';
import { withoutKeyMaterial } from '#kernel';
import { domainErrorOf, graphQLErrorOf, ProblemCatalogue } from '#problems';
import { GraphiqlPages } from './graphiql.js';

interface FormattedExecution {
  readonly errors?: readonly GraphQLError[] | null;
  readonly data?: unknown;
}

/** GraphQL on the same commands and queries as REST, with limits that hold before an operation runs. */
@Module({})
export class GraphqlModule {
  static forRoot(options: { readonly graphiql: boolean }): DynamicModule {
    return {
      module: GraphqlModule,
      providers: options.graphiql ? [GraphiqlPages] : [],
      imports: [
        GraphQLModule.forRootAsync<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          inject: [ProblemCatalogue, RequestGate],
          useFactory: (catalogue: ProblemCatalogue, gate: RequestGate): MercuriusDriverConfig => ({
            autoSchemaFile: true,
            sortSchema: true,
            graphiql: false,
            subscription: false,
            // Mutations carry secrets in their answers: nothing is kept between requests.
            cache: false,
            // So that a nested field has its context, and what it refuses is recorded.
            fieldResolverEnhancers: ['interceptors'],
            context: (request: FastifyRequest, reply: FastifyReply) => {
              void reply.header('cache-control', 'no-store');
              return { request, reply, loaders: new RequestLoaders() };
            },
            hooks: {
              preParsing: (_schema: GraphQLSchema, source: string) => {
                if (source.length > GRAPHQL_DOCUMENT_CHARACTERS_MAX)
                  throw new GraphQLError(
                    `a document has at most ${String(GRAPHQL_DOCUMENT_CHARACTERS_MAX)} characters`,
                    { extensions: { code: 'request/graphql-too-costly' } },
                  );
                assessNesting(source);
                return Promise.resolve();
              },
              preValidation: (_schema: GraphQLSchema, document: DocumentNode) => {
                assessShape(document);
                return Promise.resolve();
              },
              preExecution: async (
                schema: GraphQLSchema,
                document: DocumentNode,
                context: MercuriusContext,
                variables: Readonly<Record<string, unknown>> | undefined,
              ) => {
                const { request } = context.reply;
                const name = operationNameOf(request);
                const cost = assessCost(schema, document, variables ?? {}, name);
                await gate.admit(request, context.reply);
                gate.spend(request, 'graphqlCost', cost, context.reply);
              },
            },
            errorFormatter: (execution: FormattedExecution, context: unknown) => {
              const { reply } = context as { reply?: FastifyReply };
              const errors = (execution.errors ?? [])
                .flatMap(eachOf)
                .map((error) => formatted(catalogue, error, reply?.request));
              const [first] = errors;
              // What never ran is answered as REST would; what ran in part is a 200 with both.
              const status = first?.extensions['status'];
              const ran = execution.data !== undefined && execution.data !== null;
              return {
                statusCode: ran || typeof status !== 'number' ? 200 : status,
                response: { data: (execution.data ?? null) as never, errors },
              };
            },
          }),
        }),
      ],
    };
  }
}

/** From where the server takes it, too. */
function operationNameOf({ method, query, body }: FastifyRequest): string | undefined {
  const said = method === 'GET' ? query : body;
  if (typeof said !== 'object' || said === null || !('operationName' in said)) return undefined;
  return typeof said.operationName === 'string' ? said.operationName : undefined;
}

/** An empty document, a mutation over GET: refused by the server before it is GraphQL at all. */
const refusedDocument = (error: Error): boolean =>
  'code' in error && typeof error.code === 'string' && error.code.startsWith('MER_ERR_GQL_');

/** What is wrong with a document comes as one error that holds the others. */
function eachOf(error: GraphQLError): readonly GraphQLError[] {
  const { originalError } = error;
  if (!originalError || !('errors' in originalError) || !Array.isArray(originalError.errors))
    return [error];
  const errors = originalError.errors.filter((inner) => inner instanceof GraphQLError);
  return errors.length === 0 ? [error] : errors;
}

const pathPart = (part: string | number): string | number =>
  typeof part === 'string' ? withoutKeyMaterial(part) : part;

function formatted(
  catalogue: ProblemCatalogue,
  error: GraphQLError,
  request: FastifyRequest | undefined,
): GraphQLError {
  const correlationId = request?.id;
  const original = error.originalError ?? error;
  const { code } = error.extensions;
  const options = {
    ...(error.nodes ? { nodes: error.nodes } : {}),
    // Of names that the caller chose for its fields.
    ...(error.path ? { path: error.path.map(pathPart) } : {}),
  };
  if (typeof code === 'string' && code.includes('/')) {
    const definition = catalogue.get(code as `${string}/${string}`);
    return new GraphQLError(withoutKeyMaterial(error.message), {
      ...options,
      extensions: { status: definition?.status ?? 400, ...error.extensions, correlationId },
    });
  }
  // Refused by the parser or by validation: its words are about the caller's own document.
  if (original instanceof GraphQLError || refusedDocument(original))
    return new GraphQLError(withoutKeyMaterial(original.message), {
      ...options,
      extensions: { code: 'request/graphql-invalid', status: 400, correlationId },
    });
  const known = domainErrorOf(original, request?.routeOptions.bodyLimit);
  const { message, extensions } = graphQLErrorOf(catalogue, known, correlationId);
  return new GraphQLError(message, { ...options, extensions });
}
