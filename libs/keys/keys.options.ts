/** What the composition root tells this context. Its own injection token. */
export class KeysOptions {
  constructor(
    /** Where people reach this installation, without a slash at its end: links of shares start with it. */
    readonly publicUrl: string,
  ) {}
}

/** The page that opens a share; the link's token follows in the fragment. */
export const SHARE_PAGE_PATH = '/v1/share';
