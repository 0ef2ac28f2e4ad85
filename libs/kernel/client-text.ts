import { DomainError } from './domain-error.js';
import { containsKeyMaterial } from './key-material.js';

export type TextRefusal =
  | 'not-text'
  | 'empty'
  | 'too-long'
  | 'control-character'
  | 'direction-override'
  | 'lone-surrogate'
  | 'key-material'
  | 'personal-data';

export interface ClientTextOptions {
  /** In Unicode code points, after NFC. */
  readonly max: number;
  /** Default 1: an empty text is refused. One that nobody can see is refused whatever this says. */
  readonly min?: number;
  /** Line feeds and tabs are kept (notes), refused otherwise. */
  readonly multiline?: boolean;
  /** Named in the refusal, for a caller that sent several. */
  readonly field?: string;
}

// Embeddings, overrides and isolates reorder what a reader sees; marks (U+200E, U+200F, U+061C) belong to honest text.
const DIRECTION_OVERRIDE = /[\u202A-\u202E\u2066-\u2069]/u;
const CONTROL = /[\p{Cc}\u2028\u2029\uFEFF\u{E0000}-\u{E007F}]/u;
const CONTROL_BUT_LINES = /[^\P{Cc}\n\t]|[\u2028\u2029\uFEFF\u{E0000}-\u{E007F}]/u;
const LONE_SURROGATE = /\p{Surrogate}/u;
/**
 * What leaves no ink: white space, what Unicode lets a font ignore (zero-width characters, joiners, variation selectors,
 * Hangul fillers), format characters, and two that are drawn as a blank.
 */
const INVISIBLE = /[\s\p{Default_Ignorable_Code_Point}\p{Cf}\u2800\u{1D159}]+/gu;
/** NFC at most triples UTF-16 text: longer input is refused before any work is done on it. */
const NFC_GROWTH_MAX = 3;

/**
 * A text that a client sent (label, reason, note, imported field), fit to be kept for ever and shown to others: NFC,
 * trimmed, bounded, with something to see, without NUL, control, direction-override and unpaired-surrogate characters,
 * and without a key or a share's passphrase.
 *
 * @throws {DomainError} `request/text-not-allowed` with `{ reason, field?, max? }`; never with the text.
 */
export function clientText(value: unknown, options: ClientTextOptions): string {
  const refuse = (reason: TextRefusal, more: object = {}): never => {
    throw new DomainError('request/text-not-allowed', {
      reason,
      ...(options.field === undefined ? {} : { field: options.field }),
      ...more,
    });
  };
  if (typeof value !== 'string') return refuse('not-text');
  if (value.length > options.max * 2 * NFC_GROWTH_MAX)
    return refuse('too-long', { max: options.max });
  if (LONE_SURROGATE.test(value)) return refuse('lone-surrogate');
  const text = value.normalize('NFC').trim();
  if (DIRECTION_OVERRIDE.test(text)) return refuse('direction-override');
  if ((options.multiline === true ? CONTROL_BUT_LINES : CONTROL).test(text))
    return refuse('control-character');
  let length = 0;
  for (const point of text) length += point === '' ? 0 : 1;
  if (length > options.max) return refuse('too-long', { max: options.max });
  if (length < (options.min ?? 1) || (length > 0 && text.replace(INVISIBLE, '') === ''))
    return refuse('empty');
  if (containsKeyMaterial(text)) return refuse('key-material');
  return text;
}

/** @throws {DomainError} `request/text-not-allowed` `{ reason: 'key-material' }`. */
export function assertNoKeyMaterial(text: string): void {
  if (containsKeyMaterial(text))
    throw new DomainError('request/text-not-allowed', { reason: 'key-material' });
}
