import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';

export class PageInfoResponse {
  @ApiProperty({ type: String, nullable: true, description: 'For `after` of the next page.' })
  readonly endCursor!: string | null;

  @ApiProperty()
  readonly hasNextPage!: boolean;
}

interface PageResponse<Item> {
  readonly items: readonly Item[];
  readonly page: PageInfoResponse;
}

/** What the description of a list extends. */
export function PageOf<Item>(item: Type<Item>): Type<PageResponse<Item>> {
  class PageOfItems implements PageResponse<Item> {
    @ApiProperty({ type: [item] })
    readonly items!: readonly Item[];

    @ApiProperty({ type: PageInfoResponse })
    readonly page!: PageInfoResponse;
  }
  return PageOfItems;
}
