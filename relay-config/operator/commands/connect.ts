/** `oobm-relay connect`: opens a console, and opens it again when the connection is lost. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { OptionValues } from '../../../cli/command.ts'
import { markLogin, runSsh, sshSettings } from '../../../cli/ssh.ts'
import { COMES_BACK } from '../../../formats/bridge-login.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { defineCommand, withFleet } from '../command.ts'
import { CONSOLE_WAY_OPTIONS, type ConsoleWay, withConsoleWay } from '../console-way.ts'
import { PROXY_FILE_OPTION, useProxyFile } from '../search/other-ways.ts'
import { stayConnected } from '../stay-connected.ts'

/** What the target may have left on: colours, a hidden cursor, another screen, keypad keys, mouse, bracketed paste. */
const TERMINAL_RESET = '\x1b[0m\x1b[?25h\x1b[?1049l\x1b[?1l\x1b>\x1b[?1000l\x1b[?2004l'

export const connect = defineCommand({
  summary: 'open a console, and open it again by itself when the connection is lost',
  details: [
    'The place at the console is kept for 60 seconds, and what the target says meanwhile is shown on return.',
    'It ends with the session, or with Ctrl-C while it is not connected.',
    'Where the device has several relays, it is found at whichever it is.',
    'Where the network blocks SSH, it goes within TLS or through an HTTP proxy, if the relay or the network has that.',
  ],
  arguments: [{ value: 'CONSOLE', help: 'the console' }],
  options: {
    ...CONSOLE_WAY_OPTIONS,
    ...PROXY_FILE_OPTION,
    'ssh-config': {
      value: 'FILE',
      help: 'the rendered ssh_config of a technician, such as ~/.ssh/oobm/config, instead of the fleet file',
    },
  },
  examples: ['connect core-sw1', 'connect core-sw1 --ssh-config ~/.ssh/oobm/config'],
  run: async input => {
    const [name = ''] = input.positionals
    if (name.startsWith('-')) throw new UserError(`"${name}" is not the name of a console`, EXIT.usage)
    await useProxyFile(input.values['proxy-file'])
    const given = input.values['ssh-config']
    const use = (way: ConsoleWay) => connectBy(way, name, input.signal)
    if (given !== undefined) return use(['-F', resolve(given)])
    return withFleet<OptionValues>(withTheFleet => withConsoleWay(withTheFleet, name, use))(input)
  },
})

/**
 * Stays at the console until its session ends, over lost connections.
 * @returns the exit code of the session
 */
export async function connectBy(way: ConsoleWay, name: string, signal: AbortSignal): Promise<number> {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
  if (!isTerminal) throw new UserError('connect needs a terminal; a program uses ssh itself', EXIT.usage)
  const folder = await mkdtemp(join(tmpdir(), 'oobm-connect-'))
  let attempts = 0
  try {
    return await stayConnected({
      clock: systemClock,
      signal,
      tell: text => process.stderr.write(`\r\n[oobm: ${text}]\r\n`),
      connect: async () => {
        const mark = join(folder, String(attempts++))
        const settings = sshSettings({ ...markLogin(mark), SetEnv: `${COMES_BACK}=1` })
        const { code } = await runSsh([...way, '-t', ...settings, '--', name], { signal })
        const wasIn = existsSync(mark)
        if (wasIn && code !== 0) process.stdout.write(TERMINAL_RESET)
        return { code, wasIn }
      },
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
