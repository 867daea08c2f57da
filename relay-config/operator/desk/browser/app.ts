/** What every page of the desk gets. */
import type { Language } from '../../../../formats/languages.ts'
import type { FleetStore } from './fleet-store.ts'
import type { Words } from './words.ts'

export interface App {
  store: FleetStore
  language: Language
  words: Words
  /** Whether the connection to the desk is up. */
  isUp: boolean
}

/** A page: its content, and what undoes it. */
export interface Page {
  title: string
  root: HTMLElement
  leave(): void
}

export const consoleLink = (names: readonly string[]) => `#/console/${names.map(encodeURIComponent).join(',')}`
export const deviceLink = (name: string) => `#/device/${encodeURIComponent(name)}`
/** @param which a recording's number, or when it began and whose it was */
export const replayLink = (console: string, ...which: readonly string[]) =>
  ['#/replay', console, ...which].map((part, index) => (index === 0 ? part : encodeURIComponent(part))).join('/')
