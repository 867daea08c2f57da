/** What a newcomer types in a second terminal, and why; pure. */
import { CONSOLE, DEVICE, DEVICES } from './lab-fleet.ts'

export interface Typed {
  /** A whole command, good in any folder. */
  command: string
  does: string
  /** Also on the smallest screen. */
  isFirst?: boolean
}

/** @param folder the lab's, as a person would type it */
export function whatToType(folder: string, equipment: string): Typed[] {
  const isSimulated = equipment === 'sim:router'
  const [, other] = DEVICES
  const of = (person: string, typed: string, does: string, isFirst?: 'first'): Typed => ({
    command: `${folder}/${person} ${typed}`,
    does,
    ...(isFirst && { isFirst: true }),
  })
  const rommon = isSimulated ? ' (rommon, in its first minute)' : ''
  return [
    of('alice', `ssh ${CONSOLE}`, `${isSimulated ? 'a switch' : equipment}; Enter, then ~B: BREAK${rommon}`, 'first'),
    ...(isSimulated
      ? [of('alice', `ssh ${other.console}`, 'another; there: enable, reload begin its first minute again')]
      : []),
    of('alice', `ssh ${CONSOLE} break`, 'BREAK without a session'),
    of('alice', `oobm-relay connect ${CONSOLE}`, 'the same console; comes back by itself when the line was cut'),
    of('alice', `ssh ${DEVICE}`, 'the shell of the device'),
    of('alice', 'oobm-relay top', 'the fleet, live; Enter opens a console', 'first'),
    of('alice', 'oobm-relay desk', 'the same in a browser', 'first'),
    of('alice', 'oobm-relay status', 'the fleet once, worst first; with a name in detail'),
    of('alice', `oobm-relay off ${DEVICE} --reason lunch`, 'nobody gets in until …'),
    of('alice', `oobm-relay on ${DEVICE}`, '… access is on again, and proved'),
    of('alice', `oobm-relay blink ${DEVICE}`, 'its LED shows people on site which it is'),
    of('alice', 'oobm-relay settings push --all', 'signed settings; a device that cannot prove them goes back'),
    of('alice', 'oobm-relay history', 'who did what, and what devices saw'),
    of('bob', `ssh ${CONSOLE}`, 'a technician: types when alice does not', 'first'),
    of('bob', `ssh ${other.console}`, 'not open to bob: no such host in his file'),
    of('carol', `ssh ${CONSOLE}`, 'an observer: watches what the others do', 'first'),
    of('carol', 'oobm-relay desk', 'what an observer sees in a browser'),
    of(`${DEVICE}/oobm`, 'status', 'on the device; also test, doctor, history', 'first'),
  ]
}
