/** Why there is no proved tunnel: passed from tunnel and proof to the status. */

/** A failure that a person or the next attempt may cure; the LED shows `state`. */
export interface Failure {
  state: 'no-relay' | 'refused' | 'enrolling' | 'stale' | 'duplicate' | 'unproved'
  /** One sentence part, safe to show; without ages and counts. */
  cause: string
  /** The relay has too much to do at this moment (sshd's MaxStartups): trying again at once would add to it. */
  turnedAway?: true
}
