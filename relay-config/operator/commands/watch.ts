/** `oobm-relay watch`: watches a console from where the operator works, with the ssh_config that technicians get. */
import { runSsh, SSH_FAILED } from '../../../cli/ssh.ts'
import { EXIT } from '../../../runtime/errors.ts'
import { defineCommand, withFleet } from '../command.ts'
import { CONSOLE_WAY_OPTIONS, withConsoleWay } from '../console-way.ts'

export const watch = defineCommand({
  summary: 'watch a console from where you are, with your own key; nothing is sent',
  arguments: [{ value: 'CONSOLE', help: 'the console' }],
  options: CONSOLE_WAY_OPTIONS,
  run: withFleet(async input => {
    const [name = ''] = input.positionals
    return withConsoleWay(input, name, async way => {
      const terminal = process.stdin.isTTY ? ['-t'] : []
      const { code = EXIT.failed } = await runSsh([...way, ...terminal, '--', name, 'watch'], input)
      // ssh has said why.
      return code === SSH_FAILED ? EXIT.unavailable : code
    })
  }),
})
