import { fileURLToPath } from 'node:url';
import { goldenSuite } from '#event-store/testing';
import { eventCatalogue } from '../../apps/composition/catalogue.js';
import { examples } from './examples.js';

goldenSuite(eventCatalogue, fileURLToPath(new URL('.', import.meta.url)), examples);
