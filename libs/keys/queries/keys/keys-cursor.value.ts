/** Lists of keys, newest first: a place in one is a place in all of the network. */
export const KEYS_CURSOR = 'apiKeys';
