import type { DocumentNode, GraphQLSchema, SelectionSetNode } from 'graphql';
import { GraphQLError, Kind, Lexer, Source, TokenKind } from 'graphql';
import type { ComplexityEstimator } from 'graphql-query-complexity';
import { getComplexity, simpleEstimator } from 'graphql-query-complexity';
import { CONNECTION_FIRST_DEFAULT } from './connection.js';

/** Nesting of fields; introspection's own fields are deep by nature and are counted by cost alone. */
export const GRAPHQL_DEPTH_MAX = 10;
/** A field costs 1; what lies below a list counts once for each element that `first` lets in. */
export const GRAPHQL_COST_MAX = 10_000;
/** Characters of one document: bounds parsing before anything is known about it. */
export const GRAPHQL_DOCUMENT_CHARACTERS_MAX = 20_000;
/** Brackets within brackets: more than any document of that depth has, and fewer than the parser's own stack holds. */
export const GRAPHQL_NESTING_MAX = 100;
/** Fields under the root, aliases and repeated fragments counted each time: bounds the mutations of one request. */
export const GRAPHQL_ROOT_FIELDS_MAX = 20;
/** Fields with every fragment expanded: bounds what assessing the cost itself costs. */
export const GRAPHQL_FIELDS_MAX = 2_000;

const listEstimator: ComplexityEstimator = ({ args, childComplexity, field }) => {
  if (!/(Connection|Page)!?$/.test(field.type.toString())) return undefined;
  const first = typeof args['first'] === 'number' ? args['first'] : CONNECTION_FIRST_DEFAULT;
  return 1 + Math.max(1, first) * childComplexity;
};

/**
 * Refuses what could not even be parsed: the parser calls itself for each bracket that it opens.
 *
 * @throws {GraphQLError} code `request/graphql-too-costly`.
 */
export function assessNesting(source: string): void {
  const lexer = new Lexer(new Source(source));
  for (let nesting = 0; ;) {
    const kind = kindOfNext(lexer);
    if (kind === undefined) return;
    nesting += BRACKETS[kind] ?? 0;
    if (nesting > GRAPHQL_NESTING_MAX) throw tooCostly('nesting', nesting, GRAPHQL_NESTING_MAX);
  }
}

const BRACKETS: Readonly<Partial<Record<TokenKind, 1 | -1>>> = {
  [TokenKind.BRACE_L]: 1,
  [TokenKind.BRACKET_L]: 1,
  [TokenKind.PAREN_L]: 1,
  [TokenKind.BRACE_R]: -1,
  [TokenKind.BRACKET_R]: -1,
  [TokenKind.PAREN_R]: -1,
};

/** `undefined`: the end, or what is no token; the parser gets no further either, and says why. */
function kindOfNext(lexer: Lexer): TokenKind | undefined {
  try {
    const { kind } = lexer.advance();
    return kind === TokenKind.EOF ? undefined : kind;
  } catch {
    return undefined;
  }
}

/**
 * Refuses what would be costly even to validate: before anything else looks at the document. Validation walks all of its
 * operations, whichever is executed, so that each of them keeps to the limits.
 *
 * @throws {GraphQLError} code `request/graphql-too-costly`, naming the limit.
 */
export function assessShape(document: DocumentNode): void {
  const { depth, expanded, rootFields } = shapeOf(document);
  if (depth > GRAPHQL_DEPTH_MAX) throw tooCostly('depth', depth, GRAPHQL_DEPTH_MAX);
  if (rootFields > GRAPHQL_ROOT_FIELDS_MAX)
    throw tooCostly('root fields', rootFields, GRAPHQL_ROOT_FIELDS_MAX);
  if (expanded > GRAPHQL_FIELDS_MAX) throw tooCostly('fields', expanded, GRAPHQL_FIELDS_MAX);
}

/**
 * The cost of a valid document, of a bounded shape (`assessShape`), before it runs: of the one operation that
 * `operationName` selects, as the others are not executed.
 *
 * @throws {GraphQLError} code `request/graphql-too-costly` when it passes `GRAPHQL_COST_MAX`.
 */
export function assessCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  operationName?: string,
): number {
  const selected = document.definitions.some(
    (one) => one.kind === Kind.OPERATION_DEFINITION && one.name?.value === operationName,
  );
  const cost = getComplexity({
    schema,
    query: document,
    variables: { ...variables },
    ...(selected && operationName !== undefined && { operationName }),
    estimators: [listEstimator, simpleEstimator({ defaultComplexity: 1 })],
  });
  if (!Number.isFinite(cost) || cost > GRAPHQL_COST_MAX)
    throw tooCostly('cost', cost, GRAPHQL_COST_MAX);
  return cost;
}

function tooCostly(
  limit: 'cost' | 'depth' | 'fields' | 'nesting' | 'root fields',
  value: number,
  max: number,
): GraphQLError {
  return new GraphQLError(
    `the ${limit} of this operation: ${String(value)}, at most ${String(max)}; ask for less, or in several requests`,
    { extensions: { code: 'request/graphql-too-costly', limit, value, max } },
  );
}

interface Shape {
  readonly depth: number;
  /** Fields and spreads with every fragment expanded each time that it is spread. */
  readonly expanded: number;
  readonly rootFields: number;
}

const NOTHING: Shape = { depth: 0, expanded: 0, rootFields: 0 };

/** Memoised per fragment: nested spreads cost a walk of the document and not their product. */
function shapeOf(document: DocumentNode): Shape {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition.selectionSet);
  const known = new Map<string, Shape>();

  const fragment = (name: string): Shape => {
    const before = known.get(name);
    if (before) return before;
    known.set(name, NOTHING); // a circle is refused by validation
    const shape = walk(fragments.get(name));
    known.set(name, shape);
    return shape;
  };
  const walk = (set: SelectionSetNode | undefined): Shape => {
    let { depth, expanded, rootFields } = NOTHING;
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        const below = walk(selection.selectionSet);
        const introspection = selection.name.value.startsWith('__');
        if (!introspection) depth = Math.max(depth, 1 + below.depth);
        expanded += 1 + below.expanded;
        rootFields += 1;
      } else {
        const inside =
          selection.kind === Kind.FRAGMENT_SPREAD
            ? fragment(selection.name.value)
            : walk(selection.selectionSet);
        depth = Math.max(depth, inside.depth);
        expanded += 1 + inside.expanded;
        rootFields += inside.rootFields;
      }
    }
    return { depth, expanded, rootFields };
  };

  let whole = NOTHING;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, expanded, rootFields } = walk(definition.selectionSet);
    whole = {
      depth: Math.max(whole.depth, depth),
      expanded: Math.max(whole.expanded, expanded),
      rootFields: Math.max(whole.rootFields, rootFields),
    };
  }
  return whole;
}
