export type { ApiAnswer, ApiClientOptions, ApiRequest } from './api-client.js';
export { API_URL_DEFAULT, ApiClient, ApiError } from './api-client.js';
export type { Credentials } from './credentials.js';
export { CredentialsError, CredentialsFile } from './credentials.js';
export { LoginError, loginWithBrowser, loginWithDevice, loginWithPassword } from './oauth.js';
export type { LoginRequest } from './login.js';
export { issuerOf, login, logout } from './login.js';
export type { TokenSource } from './token-source.js';
export { tokenSource } from './token-source.js';
