/** placeholder */
export interface PendingChallenge {
  readonly challenge: Buffer
}
