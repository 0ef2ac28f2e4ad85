/** Below the data folder: passwords and signing keys of the development identity provider. */
export const IDENTITY_FOLDER = 'identity';
