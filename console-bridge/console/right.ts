/** Who may send to a console: type, take over, send a BREAK. The console asks here; nothing else decides. */
import type { Person } from './person.ts'

/** A person or seat that wants to send something. */
export interface Sender extends Pick<Person, 'role'> {
  /** A session of the command `watch`, whoever opened it. */
  readonly viewOnly?: boolean
}

/** @returns why this person may not switch the outlets of a console; undefined when they may */
export function powerRefusalOf({ role, isAdmin, power = [] }: Person, console: string): string | undefined {
  if (role !== 'operator') return 'read-only: you are an observer, and switch no outlet'
  if (isAdmin || power.includes(console)) return undefined
  return `you may not switch the power of ${console}: your entry in the fleet file needs power = ["${console}"]`
}

/** @returns why this sender may not; undefined when it may */
export function refusalOf({ role, viewOnly = false }: Sender): string | undefined {
  switch (role) {
    case 'operator':
      return viewOnly ? 'read-only: this session only watches; neither typing nor BREAK is sent' : undefined
    case 'observer':
      return 'read-only: you are an observer; neither typing nor BREAK is sent'
    default:
      return role satisfies never
  }
}
