/** Why there is no proved tunnel: what tunnel, proof and status hand to each other. */

/** A failure that a person or the next try may mend; `state` is what the LED then says. */
export interface Failure {
  state: 'no-relay' | 'refused' | 'stale' | 'duplicate' | 'unproved'
  /** One sentence part, safe to show; without ages and counts. */
  cause: string
  /** The relay has too much to do at this moment (sshd's MaxStartups): trying again at once would add to it. */
  turnedAway?: true
}
