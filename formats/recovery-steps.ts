/** What may help when a way out is stuck, from the mildest to the hardest. */
export const RECOVERY_STEPS = ['reassociate', 'reload-driver', 'reboot'] as const
export type RecoveryStep = (typeof RECOVERY_STEPS)[number]

/** As the end of a sentence, before and after. */
export const RECOVERY_WORDS: Readonly<Record<RecoveryStep, { toDo: string; done: string }>> = {
  reassociate: { toDo: 'log in to the network again', done: 'logged in to the network again' },
  'reload-driver': { toDo: 'reload the driver', done: 'driver reloaded' },
  reboot: { toDo: 'reboot the board', done: 'reboot' },
}
