/** What the page is made of. */
import type { FieldState } from '../../formats/field-sentences.ts'
import type { Language } from '../../formats/languages.ts'

export interface PageFacts {
  language: Language
  /** Milliseconds since 1970 when all this was found out, by the clock of the device. */
  nowMs: number
  /** Name of the device; undefined without settings. */
  device: string | undefined
  serial: string | undefined
  software: string
  contact: string | undefined
  /** Its LED has three colours. */
  hasColours: boolean
  /** What is wrong with the file on the card, in one line. */
  fault: string | undefined
  state: FieldState
  /** Why, in English, for the operator. */
  cause: string
  provedMs: number | undefined
  uplinks: { name: string; carries: boolean; provedMs: number | undefined; why: string }[]
  /** The Wi-Fi of the device itself; undefined where the settings have none. */
  hotspot: { ssid: string; address: string; isOn: boolean; devices: number } | undefined
  links: PageLink[]
  adapters: { port: string; product: string; console: string | undefined }[]
  consoles: { name: string; label: string | undefined; isOpen: boolean; cause: string; settings: string }[]
  /** Bytes of the day for those at a wired port of the role `router`, by its address; none where there is no limit. */
  budgets: PageBudget[]
  /** What the console bridge does not say, when it does not run. */
  bridgeProblem: string | undefined
}

export interface PageBudget {
  address: string
  /** Undefined where the program that counts does not answer. */
  now:
    | {
        uplink: string
        bytes: number
        usedBytes: number
        resetsAt: number
        zone: string /** Of the count. */
        ageMs: number
      }
    | undefined
}

/** A network interface of the board. */
export interface PageLink {
  name: string
  isUp: boolean
  /** Mbit/s; undefined where the driver does not say. */
  speed: number | undefined
  /** Of a radio, in dBm. */
  signalDbm: number | undefined
  addresses: string[]
}
