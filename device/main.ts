/** `oobm`, what a person types on the device. */
import { EXIT, UserError } from '../runtime/errors.ts'
import { runMain } from '../runtime/run-main.ts'
import { VERSION } from '../runtime/version.ts'
import { terminalContext } from './command.ts'
import { COMMANDS } from './commands/all-commands.ts'

void runMain(async signal => {
  const [word = '', ...args] = process.argv.slice(2)
  const context = terminalContext(signal)
  if (word === '--version') {
    context.print(VERSION)
    return EXIT.ok
  }
  if (['--help', '-h', 'help'].includes(word)) {
    context.print(help())
    return EXIT.ok
  }
  const command = COMMANDS.get(word)
  if (command === undefined) {
    const problem = word === '' ? 'what shall it do?' : `there is no "oobm ${word}"`
    throw new UserError(`oobm: ${problem}\n\n${help()}`, EXIT.usage)
  }
  if (args.includes('--help') || args.includes('-h')) {
    context.print(`oobm ${command.usage}\n  ${command.summary}`)
    return EXIT.ok
  }
  return command.run(args, context)
})

function help(): string {
  const rows = [...COMMANDS.values()].map(({ usage, summary }) => `  oobm ${usage}\n      ${summary}`)
  return [`oobm ${VERSION}, the out-of-band console of this device`, '', ...rows, '', '  oobm --version | --help'].join(
    '\n',
  )
}
