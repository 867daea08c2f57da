/** `oobm-relay wifi`: runs `oobm wifi` on a device, over the operator's own end-to-end ssh; a relay only forwards ciphertext. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { usageError } from '../../../cli/command.ts'
import { runSsh, SSH_FAILED, sshSettings } from '../../../cli/ssh.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { readTextFile } from '../../../runtime/text-file.ts'
import { accessOf } from '../../fleet/access.ts'
import { GATEWAY_TECHNICIAN } from '../../fleet/host-names.ts'
import { renderSshConfig } from '../../fleet/render/ssh-config.ts'
import { type CommandInput, defineCommand, withFleet } from '../command.ts'
import { CONSOLE_WAY_OPTIONS, filesOf, technicianOf } from '../console-way.ts'

const ACTIONS = ['scan', 'list', 'add', 'remove', 'prefer'] as const
/** Options that go along as they are. */
const SWITCHES = ['json', 'hidden', 'open', 'yes'] as const
const VALUES = ['security', 'country'] as const

export const wifi = defineCommand({
  summary: 'show and change the Wi-Fi networks of a device, over your own ssh to its shell',
  details: [
    'It runs "oobm wifi" there (docs/wifi.md), as an administrator of the device.',
    'The passphrase is asked for on the device, or read from a file here; the relay forwards ciphertext.',
    'Where the connection ends because the device changes its network, the same command without an action says how that ended.',
  ],
  arguments: [
    { value: 'DEVICE', help: 'the device' },
    { value: 'ACTION', choices: ACTIONS, isOptional: true, help: 'what to do: list, when left out' },
    { value: 'SSID', isOptional: true, help: 'the network, for add, remove and prefer' },
  ],
  options: {
    ...CONSOLE_WAY_OPTIONS,
    json: { help: 'print one JSON document' },
    'passphrase-file': {
      value: 'FILE',
      help: 'read the passphrase of "add" from the first line of FILE on this machine',
    },
    hidden: { help: 'the network hides its name' },
    open: { help: 'the network has no passphrase' },
    security: { choices: ['auto', 'wpa2', 'wpa3'], help: 'which WPA the network has' },
    country: { value: 'CC', help: 'the country of the device, such as JP' },
    yes: { short: 'y', help: 'ask nothing: sessions may be cut off' },
  },
  examples: ['wifi tokyo-rack1', 'wifi tokyo-rack1 scan', 'wifi tokyo-rack1 add Lab', 'wifi tokyo-rack1 prefer Lab'],
  exitCodes: {
    [EXIT.failed]: 'Nothing was changed, or the old networks are back.',
    [EXIT.unavailable]: 'The device cannot be reached, or the connection ended: how it ended is not known yet.',
  },
  run: withFleet(runThere),
})

async function runThere(input: CommandInput): Promise<number> {
  const { positionals, values, fleet, files, signal } = input
  const [device = '', action] = positionals
  if (action !== undefined && !ACTIONS.some(name => name === action))
    usageError(`"${action}" is none of: ${ACTIONS.join(', ')}`)
  const technician = technicianOf(input)
  if (!accessOf(fleet, technician).some(access => access.admin && access.device.name === device)) {
    const advice = `give them admins = ["${device}"] in ${files.fleet}, and push the settings; --as names somebody else`
    throw new UserError(`${technician.name} is not an administrator of a device "${device}": ${advice}`, EXIT.usage)
  }
  const file = values['passphrase-file']
  const passphrase = file === undefined ? undefined : await readTextFile(String(file), EXIT.failed)
  const folder = await mkdtemp(join(tmpdir(), 'oobm-wifi-'))
  try {
    const config = join(folder, 'config')
    await writeFile(config, renderSshConfig(fleet, technician, await filesOf(input, technician)))
    const isTalk = passphrase === undefined && process.stdin.isTTY === true && process.stdout.isTTY === true
    const settings = sshSettings({ User: GATEWAY_TECHNICIAN, LogLevel: 'ERROR', ClearAllForwardings: 'yes' })
    const line = ['sudo -n oobm wifi', ...argumentsFor(input).map(quoted)].join(' ')
    const stdin = passphrase === undefined ? (isTalk ? 'ours' : 'none') : { text: passphrase }
    const args = ['-F', config, isTalk ? '-t' : '-T', ...settings, '--', device, line]
    const { code } = await runSsh(args, { stdin, signal })
    if (code !== undefined && code !== SSH_FAILED) return code
    throw new UserError(
      `${device} cannot be reached, or the connection to it ended. If a change was being tried, "oobm-relay wifi ${device}" says how it ended, within some 12 minutes`,
      EXIT.unavailable,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What follows `oobm wifi` there. */
function argumentsFor({ positionals: [, ...words], values }: CommandInput): string[] {
  return [
    ...words.slice(0, 1),
    ...SWITCHES.flatMap(name => (values[name] === true ? [`--${name}`] : [])),
    ...VALUES.flatMap(name => (values[name] === undefined ? [] : [`--${name}=${values[name]}`])),
    ...(values['passphrase-file'] === undefined ? [] : ['--passphrase-file=-']),
    // A name may begin with a dash.
    ...(words.length > 1 ? ['--', ...words.slice(1)] : []),
  ]
}

/** For the shell of the account there, bash. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
