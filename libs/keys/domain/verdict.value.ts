import type { Verdict } from '#partners';

/** What the partners context found, kept with the issuance: the explained verdict of that moment. */
export type EligibilityVerdict = Verdict;
