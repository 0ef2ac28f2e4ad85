import type { ReadPatience } from '../reading/read-models.js';

const PATIENT_MS = 30_000;
const IMPATIENT_MS = 100;

/** Reads wait for as long as read models take on a busy machine, save those that wait in vain. */
export class TestPatience implements ReadPatience {
  staleReadWaitMs = PATIENT_MS;

  /** For reads of what does not come. */
  async inVain<T>(work: () => Promise<T>): Promise<T> {
    this.staleReadWaitMs = IMPATIENT_MS;
    try {
      return await work();
    } finally {
      this.staleReadWaitMs = PATIENT_MS;
    }
  }
}
