/** What the partners context found, as it is kept with the issuance: the explained verdict of that moment. */
export interface EligibilityVerdict {
  readonly eligible: boolean;
  /** Hard blockers: onboarding, no technical capacity, any open flag… */
  readonly blockers: readonly string[];
  readonly score: number;
  readonly threshold: number;
  readonly traits: readonly VerdictTrait[];
}

export interface VerdictTrait {
  readonly trait: string;
  readonly present: boolean;
  readonly weight: number;
}
