/** What can be broken in a lab, what is then to be seen, and how people say it; pure. */

export type BreakName = 'line' | 'adapter' | 'sshd' | 'supervisor' | 'bridge' | 'relay' | 'hang'

export interface Break {
  /** On the screen. */
  key: string
  of: 'device' | 'relay'
  does: string
  /** What takes it back; undefined where nothing is to be done. */
  mends?: string
  /** What is to be seen then. */
  seen: string
}

export const BREAKS: Readonly<Record<BreakName, Break>> = {
  line: {
    ...{ key: 'l', of: 'device', does: 'cut its line to the relay', mends: 'join its line again' },
    seen: 'no-relay in about 6 s; joined, it is back',
  },
  adapter: {
    ...{ key: 'a', of: 'device', does: 'pull its USB adapter', mends: 'plug its adapter in' },
    seen: 'no-console at once; plugged in, open at once',
  },
  sshd: {
    ...{ key: 's', of: 'device', does: 'hang its own sshd', mends: 'let its sshd run on' },
    seen: 'unproved at the next probe; consoles still open',
  },
  supervisor: {
    ...{ key: 'k', of: 'device', does: 'kill -9 its supervisor' },
    seen: 'runs again after 2 s, as systemd starts it',
  },
  bridge: {
    ...{ key: 'b', of: 'device', does: 'kill -9 its console bridge' },
    seen: 'runs again after 2 s; connect comes back',
  },
  relay: {
    ...{ key: 'r', of: 'relay', does: 'stop the relay', mends: 'start the relay' },
    seen: 'no-relay on all, at once',
  },
  hang: {
    ...{ key: 'h', of: 'relay', does: 'hang the relay', mends: 'let the relay run on' },
    seen: 'no-relay on all, in about 6 s',
  },
}
export const BREAK_NAMES = Object.keys(BREAKS) as BreakName[]

/** What is broken, and what of it. */
export interface Broken {
  name: BreakName
  /** Undefined for the relay. */
  device: string | undefined
}

/** `tokyo-rack1: cut its line to the relay`. */
export function describeBroken({ name, device }: Broken): string {
  const { does } = BREAKS[name]
  return device === undefined ? does : `${device}: ${does}`
}

export function describeMended({ name, device }: Broken): string {
  const { mends = '' } = BREAKS[name]
  return device === undefined ? mends : `${device}: ${mends}`
}

/** The table of `.lab/break` without arguments. */
export function listBreaks(typed: string, broken: readonly Broken[]): string[] {
  const width = Math.max(...BREAK_NAMES.map(name => name.length))
  return [
    `usage: ${typed}/break WHAT [DEVICE]    ${typed}/mend [WHAT [DEVICE]]`,
    ...BREAK_NAMES.map(name => {
      const { of, does, seen } = BREAKS[name]
      return `  ${name.padEnd(width)}  ${of === 'relay' ? '' : 'of a device: '}${does}: ${seen}`
    }),
    broken.length === 0 ? 'nothing is broken now' : `broken now: ${broken.map(describeBroken).join('; ')}`,
  ]
}

export function isBreakName(text: string): text is BreakName {
  return BREAK_NAMES.some(name => name === text)
}
