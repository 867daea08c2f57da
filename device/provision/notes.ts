/** Texts on the card for field staff: `oobm-imported.txt` and `oobm-error.txt`; pure, and without secrets. */

import { namedConsoles } from '../../formats/device-config.ts'
import type { Provisioning } from '../../formats/provisioning.ts'
import type { ConfigurationIssue } from '../../runtime/errors.ts'
import { timeText } from '../../runtime/time-text.ts'

export const IMPORTED_NOTE = 'oobm-imported.txt'
export const ERROR_NOTE = 'oobm-error.txt'

export interface BoardFacts {
  /** The board's serial number; undefined when it has none. */
  serial: string | undefined
  /** Version of this software. */
  version: string
  /** Milliseconds since 1970, by a clock that may be wrong. */
  wallMs: number
  /** Name of the device, when it has settings. */
  device: string | undefined
}

export interface Fault {
  /** The file that cannot be used; empty when there is none. */
  file: string
  issues: readonly ConfigurationIssue[]
}

/** One line, for `oobm status` and `oobm doctor`. */
export function describeFault({ file, issues }: Fault): string {
  const [first, ...more] = issues
  if (first === undefined) return `${file} cannot be used`
  const where = [first.line === undefined ? '' : `line ${first.line}`, first.key].filter(part => part !== '').join(', ')
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`
  const about = file === '' ? 'the boot partition' : `${file} on the boot partition`
  return `${about}: ${[where, first.message].filter(part => part !== '').join(': ')}${rest}; ${ERROR_NOTE} beside it says what to do`
}

export function errorNote({ file, issues }: Fault, board: BoardFacts): string {
  const goesOn =
    board.device === undefined
      ? 'It has no settings yet, so nobody can reach it.'
      : `Nothing was changed: it goes on as "${board.device}", with the settings that it had.`
  const head =
    file === '' ? 'This device found no settings that it can use.' : `This device cannot use the file ${file}.`
  return `${[
    head,
    goesOn,
    '',
    'WHAT IS WRONG',
    ...issues.map(describeIssue),
    '',
    'WHAT TO DO',
    ...(file === ''
      ? [
          '  1. Ask the operator for the file of this device.',
          '  2. Copy it onto this card, beside this text, as oobm.toml.',
        ]
      : [
          '  1. Send this text to the operator, and ask for a correct file. (Do not send the file',
          `     ${file} itself by e-mail: there are keys in it.)`,
          `  2. Copy the correct file onto this card in place of ${file}.`,
          '     Or, if you know what is meant: open it with a plain text editor (Windows: Notepad),',
          '     correct the lines above, and save it.',
        ]),
    '  3. Eject the card, put it back into the device, and switch it on.',
    '  When the file is right, this text is gone and oobm-imported.txt is there in its place.',
    '',
    ...describeBoard(board),
  ].join('\n')}\n`
}

export interface Import {
  files: readonly string[]
  provisioning: Provisioning
  /** False when it changed some settings of a device that had them. */
  complete: boolean
  /** Files of other boards that were removed from this card. */
  foreign: readonly string[]
  /** What looks like a copy of a settings file, and is still on the card. */
  lookalikes: readonly string[]
}

export function importedNote(
  { files, provisioning, complete, foreign, lookalikes }: Import,
  board: BoardFacts,
): string {
  const { config, site } = provisioning
  const names = (items: readonly string[]) => items.join(', ') || 'none'
  const admins = config.technicians.filter(({ admin }) => admin).map(({ name }) => name)
  const shell = config.technicians.filter(technician => technician.shell || technician.admin).map(({ name }) => name)
  return `${[
    complete
      ? `This device is set up as "${config.device}".`
      : `The settings of this device ("${config.device}") were changed.`,
    '',
    'WHAT IT IS NOW',
    `  relays:       ${names(config.relays.map(({ host, port }) => `${host} port ${port}`))}`,
    `  consoles:     ${names(namedConsoles(config).map(({ name, path }) => `${name} on ${path}`))}`,
    `  technicians:  ${names(config.technicians.map(({ name }) => name))}`,
    `  with a shell: ${names(shell)}; administrators: ${names(admins)}`,
    `  Wi-Fi:        ${names(site.wifi.map(({ ssid }) => JSON.stringify(ssid)))}`,
    `  network:      ${names(site.interfaces.map(({ name, address, addresses }) => `${name} ${address ?? (addresses.join(' ') || 'by DHCP')}`))}`,
    '',
    'ON THIS CARD',
    `  Imported and removed, because it has keys: ${names(files)}`,
    ...(foreign.length === 0 ? [] : [`  Removed, for other boards: ${names(foreign)}`]),
    ...(lookalikes.length === 0
      ? []
      : [`  STILL THERE, and perhaps with keys in it: ${names(lookalikes)}`, '  Delete it, unless you need it.']),
    '  To change a setting, copy another oobm.toml here: it changes what it names.',
    '',
    ...describeBoard(board),
  ].join('\n')}\n`
}

function describeIssue({ line, key, message }: ConfigurationIssue): string {
  const where = [line === undefined ? '' : `line ${line}`, key].filter(part => part !== '').join(', ')
  return `  - ${where === '' ? '' : `${where}: `}${message}`
}

export function describeBoard({ serial, version, wallMs, device }: BoardFacts): string[] {
  return [
    `device ${device ?? '(none yet)'}, board ${serial ?? 'without a serial number'}, software ${version},`,
    `written at ${timeText(wallMs)} by the device's clock, which may be wrong`,
  ]
}
