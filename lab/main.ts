/** `lab`: the whole system on this machine, for people to try: relay, device, console, and a router to play with. */
import { parseArgs } from 'node:util'
import { EXIT, errorMessage, UserError } from '../runtime/errors.ts'
import { runMain } from '../runtime/run-main.ts'
import { runLab } from './run-lab.ts'

const USAGE = `usage: lab [--port DEVICE] [--directory DIRECTORY] [--no-screen]
  --port DEVICE          a real serial port, such as /dev/ttyUSB0, in the simulated router's place; or
                         telnet://HOST:PORT, rfc2217://HOST:PORT, exec:COMMAND
  --directory DIRECTORY  where everything of it goes (.lab)
  --no-screen            lines of text instead of the screen`

void runMain(signal => runLab(readOptions(), signal))

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string' },
        directory: { type: 'string', default: '.lab' },
        'no-screen': { type: 'boolean', default: false },
      },
    })
    return {
      port: values.port,
      directory: values.directory,
      screen: process.stdout.isTTY === true && !values['no-screen'],
    }
  } catch (err) {
    throw new UserError(`${errorMessage(err)}\n${USAGE}`, EXIT.usage, { cause: err })
  }
}
