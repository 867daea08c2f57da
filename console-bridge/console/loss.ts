/** Why something that was typed at a console was not sent. */

export type LossKind =
  | 'observer'
  | 'occupied'
  | 'taken-over'
  | 'closed'
  | 'held'
  | 'break'
  /** Somebody changed the settings of the line. */
  | 'settings'
  | 'left'
  /** The target did not show what a paced paste waits for. */
  | 'unanswered'
  /** Whoever pasted stopped the paste. */
  | 'stopped'
  /** It followed an answer to the bridge. */
  | 'prompt'

export interface Loss {
  readonly kind: LossKind
  /** Completes the sentence "not sent: …". */
  readonly text: string
}
