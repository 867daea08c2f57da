/** The lab's console on another line than a serial port: the program gets what root gives it on a device. */
import * as assert from 'uvu/assert'
import { openSocketLine } from '../console-bridge/line-socket/socket-line.ts'
import { consoleSchema } from '../formats/console-settings.ts'
import { programArgs } from '../testbed/programs.ts'
import { startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { CONSOLE } from './lab-fleet.ts'
import { prepareLine } from './prepare-line.ts'

const test = suite('the lab on another line')

test('a command is a console of the lab; a serial port and the simulator need no program', async context => {
  const directory = await scratchDirectory(context)
  for (const equipment of ['/dev/ttyUSB0', 'sim:router'])
    assert.is(await prepareLine(directory, equipment, CONSOLE), undefined)
  const path = 'exec:echo lab-$((6 * 7)); cat'
  const env = await prepareLine(directory, path, CONSOLE)
  assert.ok(env)
  const program = startProgram(process.execPath, programArgs('console-bridge/line-program/main.ts'), { env })
  context.cleanup(() => program.stop(10_000))
  context.onFailure(program.output)
  await program.says(/"msg":"listening"/, 60_000)
  let said = ''
  const line = await openSocketLine(env.OOBM_LINE_SOCKETS)(consoleSchema.parse({ name: CONSOLE, path }), {
    onData: bytes => {
      said += bytes.toString()
    },
    onHeld: () => {},
    onClose: cause => {
      said += cause
    },
  })
  context.cleanup(() => line.close())
  await waitFor('the command', () => said === 'lab-42\r\n')
})

test.run()
