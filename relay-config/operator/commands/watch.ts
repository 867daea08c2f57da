/** `oobm-relay watch`: looks on at a console where the operator is, with the ssh_config that technicians get. */
import { type ChildProcess, spawn } from 'node:child_process'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { EXIT, errorMessage, UserError } from '../../../runtime/errors.ts'
import { accessOf } from '../../fleet/access.ts'
import type { Technician } from '../../fleet/fleet-config.ts'
import { renderSshConfig } from '../../fleet/render/ssh-config.ts'
import { invoker } from '../../relay/invoker.ts'
import { type Command, type CommandInput, usageError } from '../command.ts'

export const watch: Command = {
  usage: 'CONSOLE [--as TECHNICIAN] [--identity FILE]',
  summary: 'look on at a console without typing, from where you are, with your own key',
  options: {
    as: {
      type: 'string',
      value: 'TECHNICIAN',
      help: 'who you are in the fleet file; else your login, or its only technician',
    },
    identity: {
      type: 'string',
      value: 'FILE',
      help: 'your private key; else those of your agent and your own defaults',
    },
  },
  run: async input => {
    const [name, ...more] = input.positionals
    if (name === undefined || more.length > 0) usageError('name one console')
    const technician = technicianOf(input)
    const known = accessOf(input.fleet, technician).flatMap(({ consoles }) => consoles.map(console => console.name))
    if (!known.includes(name)) {
      const list = known.join(', ') || 'none'
      throw new UserError(`"${name}" is not a console of ${technician.name}'s; there are: ${list}`, EXIT.usage)
    }
    const folder = await mkdtemp(join(tmpdir(), 'oobm-watch-'))
    try {
      const config = join(folder, 'config')
      await writeFile(config, renderSshConfig(input.fleet, technician, await filesOf(input, technician)))
      const terminal = process.stdin.isTTY ? ['-t'] : []
      return await runSsh(['-F', config, ...terminal, '--', name, 'watch'], input.signal)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

function technicianOf({ fleet, files, values }: CommandInput): Technician {
  const [only, ...others] = fleet.technicians
  const name = values.as ?? invoker()
  const found = fleet.technicians.find(technician => technician.name === name)
  if (found) return found
  if (values.as === undefined && only && others.length === 0) return only
  throw new UserError(`"${name}" is not a technician of ${files.fleet}: say who you are with --as`, EXIT.usage)
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

/** ssh gets this terminal as it is. */
function runSsh(args: string[], signal: AbortSignal): Promise<number> {
  const child: ChildProcess = spawn('ssh', args, { stdio: 'inherit', signal })
  return new Promise((done, reject) => {
    child.once('error', err => {
      if (signal.aborted) return done(EXIT.failed)
      reject(new UserError(`ssh cannot be run: ${errorMessage(err)}; install openssh-client`, EXIT.unavailable))
    })
    // 255 is ssh's own: it has said why.
    child.once('exit', code => done(code === 255 ? EXIT.unavailable : (code ?? EXIT.failed)))
  })
}
