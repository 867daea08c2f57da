/** What the switchboard needs of an outlet of any kind. */

export type OnOff = 'on' | 'off'

/** Each of these throws a UserError with why the outlet did not do it, in words that follow its name. */
export interface Outlet {
  /** Asks the outlet itself, or reads the pin. */
  read(signal: AbortSignal): Promise<OnOff>
  /** The outlet has taken the request; {@link read} says whether it did it. */
  set(state: OnOff, signal: AbortSignal): Promise<void>
  /** Only of one that switches itself on again: off now, and on after so many seconds. */
  cycle?(offS: number, signal: AbortSignal): Promise<void>
}
