/** The file drop in words; pure. */
import { alignColumns } from '../../cli/layout.ts'
import { describeAge } from '../../cli/times.ts'
import type { DropArea, DropRecord, DropSpec, DropStatus, Running } from '../../formats/file-drop.ts'
import { isServed } from '../../formats/file-drop-settings.ts'
import { printable } from '../../runtime/printable.ts'
import { timeText } from '../../runtime/time-text.ts'
import { sizeText } from './amounts.ts'
import type { DropFile, Room } from './read-drop.ts'

const HOW: Record<DropRecord['how'], string> = {
  tftp: 'TFTP',
  ftp: 'FTP',
  http: 'HTTP',
  hand: 'oobm files',
  url: 'from a URL',
}

export function describeServed(spec: DropSpec | undefined, statuses: readonly DropStatus[]): string[] {
  if (spec === undefined) return ['nothing is served: oobm-files.service has not run since the start']
  const { settings, problems } = spec
  const wrong = problems.map(problem => `wrong: ${problem}`)
  if (!isServed(settings))
    return [...wrong, 'nothing is served: switch it on in [files] of the configuration (docs/files.md)']
  const names = [
    settings.tftp && 'TFTP',
    settings.ftp && 'FTP',
    settings.http && `HTTP on port ${settings.httpPort}`,
  ].filter(Boolean)
  const what = `${names.join(', ')}; uploads are ${settings.upload ? 'taken' : 'off'}`
  if (statuses.length === 0)
    return [...wrong, `${what}`, 'at no address: no local address has it now (oobm doctor says which there are)']
  return [...wrong, `${what}`, `at ${statuses.map(({ address }) => address).join(', ')}`]
}

export function describeRoom(area: DropArea, room: Room): string {
  const what = area === 'read' ? 'to be fetched' : 'uploads'
  const parts = room.parts.length === 0 ? '' : `; ${room.parts.length} unfinished (oobm files remove --unfinished)`
  return `${what}: ${room.files} files, ${sizeText(room.freeBytes)} free of ${sizeText(room.sizeBytes)}${parts}`
}

export function describeRunning(running: readonly Running[], nowMs: number): string[] {
  return alignColumns(
    running.map(({ who, how, what, file, bytes, size, at }) => [
      who,
      HOW[how],
      what === 'took' ? 'takes' : 'puts',
      printable(file, 80),
      progress(bytes, size),
      `since ${describeAge(Date.parse(at), nowMs).replace(/ ago$/, '')}`,
    ]),
  )
}

function progress(bytes: number | null, size: number | null): string {
  if (bytes === null) return size === null ? '' : `of ${sizeText(size)}`
  if (size === null || size === 0) return sizeText(bytes)
  return `${Math.floor((100 * bytes) / size)}% of ${sizeText(size)}`
}

export function describeFiles(files: readonly DropFile[]): string[] {
  return alignColumns(
    files.map(({ name, bytes, changedAt, by, hidden }) => [
      printable(name, 120),
      sizeText(bytes),
      timeText(changedAt),
      printable(by, 40),
      hidden === null ? '' : `not served: ${hidden}`,
    ]),
  )
}

export function describeHistory(records: readonly DropRecord[]): string[] {
  if (records.length === 0) return ['nothing was taken or put since the history began']
  return alignColumns(
    records.map(({ at, who, how, what, file, bytes, whole, why }) => [
      timeText(Date.parse(at)),
      printable(who, 40),
      HOW[how],
      what,
      printable(file, 80),
      bytes === null ? '' : sizeText(bytes),
      whole === false ? `cut: ${printable(why ?? '', 120)}` : printable(why ?? '', 120),
    ]),
  )
}
