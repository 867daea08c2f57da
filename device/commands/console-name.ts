/** `oobm console name`: shows the adapter that is plugged in next, and prints the lines that make it a console. */
import * as z from 'zod'
import { usageError } from '../../cli/command.ts'
import { openQuestions } from '../../cli/questions.ts'
import { nameSchema } from '../../formats/names.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { type Adapter, bindingOf, configOf, listAdapters } from '../adapters/list-adapters.ts'
import { type CommandContext, type CommandInput, defineCommand } from '../command.ts'
import { describeSerial } from './console-adapters.ts'

/** Milliseconds to wait for an adapter: the way to the rack and back. */
const WAIT_MS = 600_000
/** Milliseconds between two looks. */
const LOOK_MS = 400
/** Milliseconds from its first line on: the other lines of a chip, and udev's names, come later. */
const SETTLE_MS = 1_500

export const consoleName = defineCommand({
  summary: 'plug an adapter in, see which it is, and get the lines that name it',
  details: [
    'The lines are for the fleet file: the device changes nothing by itself.',
    'Without a terminal, give NAME; the adapter must have one serial port then.',
  ],
  arguments: [{ value: 'NAME', isOptional: true, help: 'the name of the new console' }],
  exitCodes: { 0: 'The lines were printed.', 69: 'No adapter was plugged in within ten minutes.' },
  run: async input => {
    const given = input.positionals[0]
    if (given === undefined && !process.stdin.isTTY)
      usageError('there is no terminal to ask for the name: give it, as in "oobm console name core-sw1"')
    if (given !== undefined) {
      const problem = nameSchema.safeParse(given).error?.issues[0]?.message
      if (problem !== undefined) usageError(`NAME ${problem}`)
    }
    // Before anybody is asked to plug one in: what is there by then is the next one.
    const before = await listAdapters(input.env)
    input.print('Plug the adapter in now; one that is plugged in already, unplug and plug in again. Ctrl-C stops.')
    const appeared = await nextAdapters(input, before)
    for (const adapter of appeared) input.print(describeAdapter(adapter))
    const names = await namesFor(input, appeared, given)
    const device = (await configOf(input.env))?.device ?? 'DEVICE'
    for (const line of linesFor(device, names)) input.print(line)
    return EXIT.ok
  },
})

/** The lines of the adapters that come and were not there before, once there is one. */
async function nextAdapters({ env, clock, signal }: CommandContext, before: readonly Adapter[]): Promise<Adapter[]> {
  const endMs = clock.nowMs() + WAIT_MS
  let known = keysOf(before)
  while (clock.nowMs() < endMs) {
    await clock.sleep(LOOK_MS, signal)
    signal.throwIfAborted()
    const now = await listAdapters(env)
    if (now.some(adapter => !known.has(keyOf(adapter)))) {
      await clock.sleep(SETTLE_MS, signal)
      signal.throwIfAborted()
      return (await listAdapters(env)).filter(adapter => !known.has(keyOf(adapter)))
    }
    known = keysOf(now)
  }
  throw new UserError(
    `no adapter was plugged in within ${WAIT_MS / 60_000} minutes; "oobm console adapters" shows what is there`,
    EXIT.unavailable,
  )
}

function keysOf(adapters: readonly Adapter[]): Set<string> {
  return new Set(adapters.map(keyOf))
}

/** Another after each plugging in, also at the same port. */
function keyOf({ kernelName, tty, pluggedAs }: Adapter): string {
  return `${kernelName} ${tty} ${pluggedAs}`
}

export function describeAdapter(adapter: Adapter): string {
  const { port, product, chip, tty, console, provisional, byPath } = adapter
  const is = console === null || provisional ? '' : `; it is the console ${console} already`
  const path = byPath === null ? '' : ` (${byPath})`
  return `port ${port}: ${product ?? 'an adapter'} (${chip}), serial number ${describeSerial(adapter)}, ${tty}${path}${is}`
}

interface Named {
  adapter: Adapter
  name: string
}

async function namesFor(
  input: CommandInput,
  appeared: readonly Adapter[],
  given: string | undefined,
): Promise<Named[]> {
  const [first, ...others] = appeared
  if (first === undefined) throw new UserError('the adapter is gone again: plug it in and begin anew', EXIT.failed)
  if (given !== undefined) {
    if (others.length === 0) return [{ adapter: first, name: given }]
    throw new UserError(
      `${appeared.length} serial ports appeared: run "oobm console name" in a terminal, which asks for the name of each`,
      EXIT.usage,
    )
  }
  const questions = openQuestions(input)
  const named: Named[] = []
  try {
    for (const adapter of appeared) {
      const question = `Name of the console at port ${adapter.port}, such as core-sw1 (none: leave it out)`
      const name = await questions.ask('name', question, z.union([z.literal(''), nameSchema]))
      if (name !== '') named.push({ adapter, name })
    }
  } finally {
    questions.close()
  }
  if (named.length === 0) throw new UserError('no name was given', EXIT.failed)
  return named
}

export function linesFor(device: string, names: readonly Named[]): string[] {
  const entries = names.map(({ adapter, name }) => ({ name, ...bindingOf(adapter) }))
  const spares = names.flatMap(({ adapter }) => (adapter.provisional ? [adapter.console] : []))
  return [
    '',
    `For the fleet file, below the device ${device}:`,
    ...entries.flatMap(({ name, key, value }) => [
      '',
      '[[devices.consoles]]',
      `name = "${name}"`,
      `${key} = "${value}"`,
    ]),
    '',
    'The same as commands:',
    ...entries.map(({ name, key, value }) => `  oobm-relay add console ${device} ${name} --${key} ${value}`),
    ...(spares.length === 0
      ? []
      : ['', `Whoever may open ${spares.join(', ')} gets no right to the new console by that.`]),
  ]
}
