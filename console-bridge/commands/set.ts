/** `ssh core-sw1 set [SETTING...]`: shows the settings of the line, or changes them. */
import type { Console } from '../console/console.ts'
import { setDefault, setLine } from '../console/set-line.ts'
import { readChanges } from '../line/changes.ts'
import { SESSION_EXIT } from '../session/exit-codes.ts'
import { onConsole, refused } from './command.ts'

export const setCommand = onConsole<'set'>(
  async (console, { args: { SETTING }, options }, { visit, stream, signal }) => {
    if (SETTING === undefined && !options.default && !options.keep) {
      await stream.print(...(await describeLine(console)))
      return SESSION_EXIT.ok
    }
    const changes = readChanges(SETTING?.split(' ') ?? [])
    const problem = problemOf(SETTING, options, changes)
    if (problem !== undefined || typeof changes === 'string') {
      await stream.complain(`set: ${problem}`)
      return SESSION_EXIT.usage
    }
    const by = { console, by: visit.person, signal }
    const answer = await (options.default ? setDefault(by) : setLine(by, changes, options.keep === true))
    if (!answer.set) return refused(answer, stream)
    await stream.print(answer.text)
    return SESSION_EXIT.ok
  },
)

function problemOf(
  setting: string | undefined,
  options: { keep?: true; default?: true },
  changes: object | string,
): string | undefined {
  if (options.default && (setting !== undefined || options.keep)) return '--default goes with nothing else'
  if (options.keep && setting === undefined) return '--keep needs a setting, such as "set --keep speed 115200"'
  return typeof changes === 'string' ? changes : undefined
}

/** The settings, who changed them, and the modem lines. */
async function describeLine({ name, control, line: { current: line } }: Console): Promise<string[]> {
  const { difference } = control
  const inputs = await line?.modemLines().catch(() => undefined)
  const outputs = line?.outputs
  const up = (on: boolean | undefined) => (on === undefined ? 'unknown' : on ? 'on' : 'off')
  return [
    `${name}: ${control.shown}`,
    ...(difference ? [`  ${difference.why}; configured: ${difference.configured}`] : []),
    ...(!line
      ? ['  the line is closed']
      : !inputs || !outputs
        ? ['  no modem lines']
        : [
            `  to the target: DTR ${up(outputs.dtr)}, RTS ${up(outputs.rts)}`,
            `  from the target: CTS ${up(inputs.cts)}, DSR ${up(inputs.dsr)}, DCD ${up(inputs.dcd)}, RI ${up(inputs.ri)}`,
          ]),
  ]
}
