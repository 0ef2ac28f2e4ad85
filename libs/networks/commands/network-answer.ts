import type { Position } from '#event-store';
import type { NetworkSettings } from '../network-settings.reader.js';

/** What a command handler tells the edge. */
export interface NetworkAnswer {
  readonly settings: NetworkSettings;
  readonly position: Position;
}
