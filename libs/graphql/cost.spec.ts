import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import {
  assessCost,
  assessNesting,
  assessShape,
  GRAPHQL_COST_MAX,
  GRAPHQL_DEPTH_MAX,
  GRAPHQL_NESTING_MAX,
} from './index.js';

const schema = buildSchema(`
  type Node { id: ID, children(first: Int): NodeConnection! }
  type NodeEdge { cursor: String, node: Node }
  type NodeConnection { edges: [NodeEdge] }
  type Query { nodes(first: Int): NodeConnection!, one: Node }
`);
const assess = (source: string, variables = {}) => {
  const document = parse(source);
  assessShape(document);
  return assessCost(schema, document, variables);
};

describe('the cost of a GraphQL operation', () => {
  it('counts what lies below a list once for each element that `first` lets in, also by variable', () => {
    const small = assess('{ nodes(first: 2) { edges { node { id } } } }');
    const large = assess('query($n: Int) { nodes(first: $n) { edges { node { id } } } }', {
      n: 20,
    });
    expect(large).toBeGreaterThan(small * 8);
  });

  it('refuses lists nested in lists beyond the limit, naming it', () => {
    const bomb =
      '{ nodes(first: 200) { edges { node { children(first: 200) { edges { node { id } } } } } } }';
    expect(() => assess(bomb)).toThrow(String(GRAPHQL_COST_MAX));
  });

  it('is that of the operation that is executed, and of all where none is named', () => {
    const document = parse(
      'query Small { nodes(first: 1) { ...ids } } query Large { nodes(first: 200) { ...ids } } fragment ids on NodeConnection { edges { node { id } } }',
    );
    const [small, large, both, unknown] = ['Small', 'Large', undefined, 'Other'].map((name) =>
      assessCost(schema, document, {}, name),
    );
    expect(small).toBe(assess('{ nodes(first: 1) { edges { node { id } } } }'));
    expect(large).toBe(assess('{ nodes(first: 200) { edges { node { id } } } }'));
    expect([both, unknown]).toEqual([Number(small) + Number(large), both]);
  });

  it('refuses a document that is too deep', () => {
    const nested = (n: number): string =>
      n === 0 ? 'id' : `children(first: 1) { edges { node { ${nested(n - 1)} } } }`;
    expect(() => assess(`{ one { ${nested(GRAPHQL_DEPTH_MAX)} } }`)).toThrow('depth');
  });

  it('refuses brackets within brackets before they are parsed, not those beside each other or in texts', () => {
    const nested = (n: number) => `${'{a'.repeat(n)}${'}'.repeat(n)}`;
    expect(() => {
      assessNesting(nested(GRAPHQL_NESTING_MAX));
    }).not.toThrow();
    expect(() => {
      assessNesting(nested(GRAPHQL_NESTING_MAX + 1));
    }).toThrow('nesting');
    expect(() => {
      assessNesting(`{ ${'a(x: [1, {y: "{{{"}]) # {{{\n'.repeat(GRAPHQL_NESTING_MAX)} }`);
    }).not.toThrow();
    expect(() => {
      assessNesting(`{ "unterminated`);
    }).not.toThrow();
  });

  it('refuses an alias bomb', () => {
    const aliases = Array.from({ length: 500 }, (_, i) => `a${String(i)}: one { id }`).join(' ');
    expect(() => assess(`{ ${aliases} }`)).toThrow('root fields');
  });

  it('refuses fragments that double at each level, in the time of one walk', () => {
    const levels = 60;
    const fragments = Array.from(
      { length: levels },
      (_, i) => `fragment f${String(i)} on Node { ...f${String(i + 1)} ...f${String(i + 1)} }`,
    ).join(' ');
    const bomb = `{ one { ...f0 } } ${fragments} fragment f${String(levels)} on Node { id }`;
    expect(() => assess(bomb)).toThrow('fields');
  });
});
