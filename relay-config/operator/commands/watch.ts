/** `oobm-relay watch`: watches a console from where the operator works, with the ssh_config that technicians get. */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runSsh, SSH_FAILED } from '../../../cli/ssh.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { accessOf } from '../../fleet/access.ts'
import type { Technician } from '../../fleet/fleet-config.ts'
import { renderSshConfig } from '../../fleet/render/ssh-config.ts'
import { invoker } from '../../relay/invoker.ts'
import { type CommandInput, defineCommand, withFleet } from '../command.ts'

export const watch = defineCommand({
  summary: 'watch a console from where you are, with your own key; nothing is sent',
  arguments: [{ value: 'CONSOLE', help: 'the console' }],
  options: {
    as: {
      value: 'TECHNICIAN',
      help: 'who you are in the fleet file; your login, or its only technician, when not given',
    },
    identity: { value: 'FILE', help: 'your private key; your agent and ssh’s own defaults when not given' },
  },
  run: withFleet(async input => {
    const [name = ''] = input.positionals
    const technician = technicianOf(input)
    const known = accessOf(input.fleet, technician).flatMap(({ consoles }) => consoles.map(console => console.name))
    if (!known.includes(name)) {
      const list = known.join(', ') || 'none'
      throw new UserError(`${technician.name} may not open a console "${name}"; there are: ${list}`, EXIT.usage)
    }
    const folder = await mkdtemp(join(tmpdir(), 'oobm-watch-'))
    try {
      const config = join(folder, 'config')
      await writeFile(config, renderSshConfig(input.fleet, technician, await filesOf(input, technician)))
      const terminal = process.stdin.isTTY ? ['-t'] : []
      const { code = EXIT.failed } = await runSsh(['-F', config, ...terminal, '--', name, 'watch'], input)
      // ssh has said why.
      return code === SSH_FAILED ? EXIT.unavailable : code
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }),
})

function technicianOf({ fleet, files, values }: CommandInput): Technician {
  const [only, ...others] = fleet.technicians
  const name = values.as ?? invoker()
  const found = fleet.technicians.find(technician => technician.name === name)
  if (found) return found
  if (values.as === undefined && only && others.length === 0) return only
  throw new UserError(`"${name}" is not a technician of ${files.fleet}: give your name with --as`, EXIT.usage)
}

async function filesOf({ files, values }: CommandInput, { name }: Technician) {
  const knownHostsFile = resolve(files.rendered, 'technicians', name, 'known_hosts')
  try {
    await access(knownHostsFile)
  } catch (err) {
    throw new UserError(`${knownHostsFile} is missing: "oobm-relay render" writes it`, EXIT.configuration, {
      cause: err,
    })
  }
  return { knownHostsFile, ...(values.identity !== undefined && { identityFile: resolve(String(values.identity)) }) }
}
