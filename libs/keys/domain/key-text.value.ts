/** Bounds of what people write, in Unicode code points. */
export const LABEL_CHARACTERS_MAX = 120;
export const REASON_CHARACTERS_MAX = 500;
export const NOTE_CHARACTERS_MAX = 1_000;
export const REFERENCE_CHARACTERS_MAX = 600;
export const KEY_PERMISSIONS_MAX = 100;
export const KEY_PERMISSION_CHARACTERS_MAX = 100;
