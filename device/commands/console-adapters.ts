/** `oobm console adapters`: what is plugged in, and which console it is. */
import * as z from 'zod'
import { alignColumns } from '../../cli/layout.ts'
import type { Paint } from '../../cli/paint.ts'
import { EXIT } from '../../runtime/errors.ts'
import { type Adapter, adapterSchema, listAdapters } from '../adapters/list-adapters.ts'
import { defineCommand } from '../command.ts'

export const consoleAdapters = defineCommand({
  summary: 'show the USB serial adapters that are plugged in, and which console each is',
  options: { json: { help: 'print one JSON document' } },
  json: z.object({ version: z.literal(1), adapters: z.array(adapterSchema) }),
  run: async ({ values, env, print, paint }) => {
    const adapters = await listAdapters(env)
    const lines = values.json ? [JSON.stringify({ version: 1, adapters })] : describeAdapters(adapters, paint)
    for (const line of lines) print(line)
    return EXIT.ok
  },
})

export function describeAdapters(adapters: readonly Adapter[], paint: Paint): string[] {
  if (adapters.length === 0) return ['no USB serial adapter is plugged in']
  const rows = adapters.map(adapter => [
    ...[adapter.port, adapter.chip, adapter.driver ?? '-', adapter.product ?? '-', describeSerial(adapter)],
    ...[adapter.tty, describeConsole(adapter)],
  ])
  const heading = ['PORT', 'CHIP', 'DRIVER', 'PRODUCT', 'SERIAL NUMBER', 'TTY', 'CONSOLE']
  const notes = [
    ...(adapters.some(({ shared }) => shared)
      ? ['shared: several adapters here have the same or none, so that only the port tells them apart']
      : []),
    ...(adapters.some(({ console, provisional }) => console === null || provisional)
      ? ['To name an adapter: oobm console name']
      : []),
  ]
  const [first = '', ...others] = alignColumns([heading, ...rows])
  return [paint.strong(first), ...others, ...(notes.length === 0 ? [] : ['', ...notes])]
}

export function describeSerial({ serialNumber, shared }: Adapter): string {
  return `${serialNumber ?? 'none'}${shared ? ' (shared)' : ''}`
}

function describeConsole({ console, provisional }: Adapter): string {
  return console === null ? 'none' : `${console}${provisional ? ' (spare port)' : ''}`
}
