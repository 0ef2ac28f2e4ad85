export { StallingProxy } from './stalling-proxy.js';
