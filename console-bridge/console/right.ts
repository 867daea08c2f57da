/** The right to send to a console: to type, to take typing over, to send a BREAK. The console asks here; nobody else decides. */
import type { Person } from './person.ts'

/** Whoever wants to send something. */
export interface Sender extends Pick<Person, 'role'> {
  /** A session that was opened to look on, whoever opened it: the word `watch`. */
  readonly viewOnly?: boolean
}

/** @returns why nothing of this one is sent; undefined when it may be */
export function refusalOf({ role, viewOnly = false }: Sender): string | undefined {
  switch (role) {
    case 'operator':
      return viewOnly ? 'read-only: this session watches, so neither typing nor BREAK is sent' : undefined
    case 'observer':
      return 'read-only: you are an observer here, so neither typing nor BREAK is sent'
    default:
      return role satisfies never
  }
}
