import type { NetworkId } from '#kernel';
import { decodeCursor, encodeCursor, PAGE_SIZE_DEFAULT } from '#projections';
import type { DirectoryPage } from './key-directory.rows.js';

/** @throws {InvalidCursorError} 400 */
export function pagePlace(
  kind: string,
  network: NetworkId | null,
  first: number = PAGE_SIZE_DEFAULT,
  after?: string,
): DirectoryPage {
  if (after === undefined) return { first };
  const [position, id] = decodeCursor(kind, network, after, ['int8', 'uuid']);
  return { first, after: [String(position), id] };
}

export const placeCursor = (
  kind: string,
  network: NetworkId | null,
  position: string,
  id: string,
): string => encodeCursor(kind, network, [BigInt(position), id]);
