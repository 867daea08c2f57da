/** What the simulated router prints about itself: its `show` commands and its help. */
import type { RouterConfig, RouterState } from './state.ts'

/** The year in which equipment without a clock of its own believes to be. */
const UNSET_CLOCK_MS = Date.UTC(1993, 2, 1)

export function helpText(commands: readonly { words: string; argument?: string; does: string }[]): string {
  return commands.map(({ words, argument = '', does }) => `  ${`${words} ${argument}`.padEnd(22)}${does}`).join('\r\n')
}

export function describeConfig({ hostname, interfaces }: RouterConfig): string {
  const blocks = Object.entries(interfaces).map(([name, { description, shutdown }]) =>
    [
      `interface ${name}`,
      ...(description ? [` description ${description}`] : []),
      shutdown ? ' shutdown' : ' no shutdown',
    ].join('\r\n'),
  )
  return [
    '!',
    `hostname ${hostname}`,
    '!',
    ...blocks.flatMap(block => [block, '!']),
    'line con 0',
    ' speed 9600',
    '!',
    'end',
  ].join('\r\n')
}

export function describeVersion({ running, startedMs }: RouterState, nowMs: number): string {
  const upS = Math.floor((nowMs - startedMs) / 1000)
  return [
    'LAB-R1 Software, Version 1.0, simulated by the oobm lab',
    `${running.hostname} uptime is ${Math.floor(upS / 60)} minutes, ${upS % 60} seconds`,
    'System image file is "flash:lab-r1-image.bin"',
    'LAB-R1 with 262144 Kbytes of main memory, 3 Gigabit Ethernet interfaces',
    'Configuration register is 0x2102',
  ].join('\r\n')
}

export function describeBreaks({ breaks }: RouterState): string {
  if (breaks.length === 0) return 'No break seen on this line.'
  return breaks
    .map(({ upMs, lengthMs, acted }) => {
      return `  ${(upMs / 1000).toFixed(1).padStart(8)} s after start  ${String(lengthMs).padStart(6)} ms  ${acted ? 'to ROMMON' : 'ignored'}`
    })
    .join('\r\n')
}

export function clockText({ startedMs }: RouterState, nowMs: number): string {
  const [day = '', date, month, year, time] = new Date(UNSET_CLOCK_MS + nowMs - startedMs).toUTCString().split(' ')
  return `${time} UTC ${day.replace(',', '')} ${month} ${Number(date)} ${year} (never set)`
}
