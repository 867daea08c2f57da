/** `lab`: the whole system on this machine, for people to try: relay, devices, consoles, and routers to play with. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { EXIT, errorMessage, UserError } from '../runtime/errors.ts'
import { runMain } from '../runtime/run-main.ts'
import { askLab, isVerb } from './control.ts'
import { runLab } from './run-lab.ts'

const USAGE = `usage: lab [--port DEVICE] [--directory DIRECTORY] [--no-screen]
       lab [--directory DIRECTORY] break [WHAT [DEVICE]] | mend [WHAT [DEVICE]]
  --port DEVICE          a real serial port, such as /dev/ttyUSB0, in a simulated router's place; or
                         telnet://HOST:PORT, rfc2217://HOST:PORT, exec:COMMAND
  --directory DIRECTORY  where everything of it goes (.lab)
  --no-screen            lines of text instead of the screen`

void runMain(async signal => {
  const { verb, args, ...options } = readOptions()
  if (verb === undefined) return runLab(options, signal)
  const { code, text } = await askLab(resolve(options.directory), verb, args, signal)
  const stream = code === EXIT.ok ? process.stdout : process.stderr
  stream.write(`${text}\n`)
  return code
})

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        directory: { type: 'string', default: '.lab' },
        'no-screen': { type: 'boolean', default: false },
      },
    })
    const [verb, ...args] = positionals
    if (verb !== undefined && !isVerb(verb)) throw new Error(`unexpected argument "${verb}"`)
    return {
      ...{ verb, args, port: values.port, directory: values.directory },
      // Keys are read from the terminal that shows the screen.
      screen: process.stdout.isTTY === true && process.stdin.isTTY === true && !values['no-screen'],
    }
  } catch (err) {
    throw new UserError(`${errorMessage(err)}\n${USAGE}`, EXIT.usage, { cause: err })
  }
}
