import type { Type } from '@nestjs/common';
import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import type { Position } from '#event-store';
import type { Page, ReadPlace, ReadResult } from '#projections';
import { cursorsOf } from '#projections';
import { AnsweredObject } from './answers.types.js';
import type { ReadAt } from './read-place.js';
import { readAt } from './read-place.js';
import { PositionScalar } from './scalars.js';

export const CONNECTION_FIRST_DEFAULT = 50;
export const CONNECTION_FIRST_MAX = 200;
const CURSOR_CHARACTERS_MAX = 2_000;

@ObjectType({ description: 'Relay page information. Lists are read forwards only.' })
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => String, { nullable: true })
  endCursor!: string | null;
}

export interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[];
  readonly pageInfo: PageInfo;
  readonly position: Position;
}

/** The Relay connection type of a node type: edges, page information, and the position that the answer is true at. */
export function connectionOf<Node>(node: Type<Node>, name: string): Type<Connection<Node>> {
  @ObjectType(`${name}Edge`)
  class EdgeType implements Edge<Node> {
    @Field(() => String)
    readonly cursor!: string;

    @Field(() => node)
    readonly node!: Node;
  }

  @ObjectType(`${name}Connection`)
  class ConnectionType extends AnsweredObject implements Connection<Node> {
    @Field(() => [EdgeType])
    readonly edges!: readonly EdgeType[];

    @Field(() => PageInfo)
    readonly pageInfo!: PageInfo;
  }
  return ConnectionType;
}

/** A page as a Relay connection: each node says what it is true at, and has its own cursor. */
export function connection<Node extends object>(
  { value, position }: ReadResult<Page<Node>>,
  place: Pick<ReadPlace, 'asOf'> = {},
): Connection<Node & ReadAt> {
  const cursors = cursorsOf(value);
  return {
    edges: value.items.map((node, at) => ({
      node: { ...node, ...readAt(position, place) },
      cursor: cursors[at] ?? '',
    })),
    pageInfo: value.page,
    position,
  };
}

/** What every query takes. */
@ArgsType()
export class ReadArgs {
  @Field(() => PositionScalar, {
    nullable: true,
    description:
      'Wait, bounded, until the read model is at or past this position (a receipt gives it).',
  })
  @IsOptional()
  atLeast?: Position;

  @Field(() => String, {
    nullable: true,
    description: 'As it was: an ISO-8601 time or a position. It chooses data, never rights.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  asOf?: string;
}

@ArgsType()
export class ConnectionArgs extends ReadArgs {
  @Field(() => Int, { defaultValue: CONNECTION_FIRST_DEFAULT })
  @IsInt()
  @Min(1)
  @Max(CONNECTION_FIRST_MAX)
  first: number = CONNECTION_FIRST_DEFAULT;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_CHARACTERS_MAX)
  after?: string;
}
