/** The examples of docs/programs.md, as they stand there, and its table of quoting. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { bridgeOnPty } from '../testing/bridge-on-pty.ts'
import { simulatedCli } from './testing/simulated-cli.ts'

const test = suite('examples of programs')
const LIMIT = { timeoutMs: 180_000 }
const PAGE = join(import.meta.dirname, '../../docs/programs.md')

/** The code below a heading. */
async function exampleOf(heading: string): Promise<string> {
  const [, part = ''] = (await readFile(PAGE, 'utf8')).split(`\n### ${heading}\n`)
  const code = /```\w+\n([\s\S]*?)```/.exec(part)?.[1]
  assert.ok(code !== undefined, `docs/programs.md has no example below "${heading}"`)
  return code as string
}

/** `ssh core-sw1` leads to the bridge, as with the rendered configuration. */
async function atHome(context: TestContext) {
  const scene = await bridgeOnPty(context)
  const { directory, port, hostKey } = scene.files
  const home = join(directory, 'home')
  const folder = join(home, '.ssh/oobm')
  await mkdir(folder, { recursive: true })
  await writeFile(join(home, '.ssh/id_ed25519'), await readFile(join(directory, 'alice')), { mode: 0o600 })
  await writeFile(join(folder, 'known_hosts'), `core-sw1,[127.0.0.1]:${port} ${hostKey.publicKey}\n`)
  const config = [
    ...['Host core-sw1', 'HostName 127.0.0.1', `Port ${port}`, 'User core-sw1', 'HostKeyAlias core-sw1'],
    ...[`IdentityFile ${home}/.ssh/id_ed25519`, `UserKnownHostsFile ${folder}/known_hosts`, 'BatchMode yes'],
    ...['IdentitiesOnly yes', 'LogLevel ERROR'],
  ]
  await writeFile(join(folder, 'config'), `${config.join('\n')}\n`)
  await mkdir(join(home, 'bin'))
  // OpenSSH takes the home directory of the account, not $HOME.
  await writeFile(join(home, 'bin/ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${folder}/config "$@"\n`)
  await chmod(join(home, 'bin/ssh'), 0o755)
  const env = { HOME: home, PATH: `${home}/bin:/usr/bin:/bin`, LC_ALL: 'C.UTF-8', TERM: 'vt100' }
  const run = (command: string, args: string[], input = '') =>
    runProgram(command, args, { env, cwd: home, input, timeoutMs: 90_000 })
  const cli = simulatedCli(scene.target, {
    'show version': 'Cisco IOS Software\r\nuptime is 3 weeks\r\n',
    'show version | include uptime': 'uptime is 3 weeks\r\n',
    'show run | include "a  b"': 'a  b\r\n',
    'show run | include a': 'a\r\n',
  })
  return { ...scene, cli, run, home }
}

test(
  'Python alone',
  async context => {
    const { run } = await atHome(context)
    const answer = await run('/usr/bin/python3', ['-c', await exampleOf('Python alone')])
    assert.equal([answer.code, answer.stdout], [0, 'uptime is 3 weeks\n\n'], answer.stderr)
  },
  LIMIT,
)

test(
  'pexpect',
  async context => {
    const { cli, run } = await atHome(context)
    cli.question = { line: 'reload', text: 'Proceed with reload? [confirm]' }
    const answer = await run('/usr/bin/python3', ['-c', await exampleOf('pexpect')])
    assert.equal([answer.code, answer.stdout], [0, 'exit code 0\n'], answer.stderr)
    assert.equal(cli.lines, ['', 'reload'])
  },
  LIMIT,
)

test(
  'netmiko',
  async context => {
    const { cli, run } = await atHome(context)
    const answer = await run('/usr/bin/python3', ['-c', await exampleOf('netmiko')])
    assert.equal([answer.code, answer.stdout], [0, 'Cisco IOS Software\nuptime is 3 weeks\n'], answer.stderr)
    assert.ok(cli.lines.includes('terminal length 0'))
  },
  LIMIT,
)

test(
  'Ansible',
  async context => {
    const { cli, run, home } = await atHome(context)
    await writeFile(join(home, 'consoles.yml'), await exampleOf('Ansible'))
    const answer = await run('ansible-playbook', ['-i', 'core-sw1,', 'consoles.yml'])
    assert.is(answer.code, 0, answer.stdout + answer.stderr)
    assert.match(answer.stdout, /"version.stdout_lines": \[\s+"uptime is 3 weeks"\s+\]/)
    assert.equal(cli.lines, [
      'show version | include uptime',
      ...['configure terminal', 'banner motd #rack 12#', 'end'],
    ])
    cli.prompt = 'hangs'
    const failed = await run('ansible-playbook', ['-i', 'core-sw1,', 'consoles.yml'])
    assert.is.not(failed.code, 0, 'a task fails where run does')
  },
  LIMIT,
)

/** The arguments that PowerShell makes of a command whose quotes are single, or double without a variable in them. */
function powershellWords(line: string): string[] {
  return [...line.matchAll(/'((?:[^']|'')*)'|"([^"`$]|\$(?![\w{(])|`.)*"|[^\s'"]+/g)].map(([word]) => {
    if (word.startsWith("'")) return word.slice(1, -1).replaceAll("''", "'")
    return word.startsWith('"') ? word.slice(1, -1).replaceAll(/`(.)/g, '$1') : word
  })
}

test(
  'quoting, from each shell that the page names',
  async context => {
    const { cli, run } = await atHome(context)
    cli.prompt = 'sw1# '
    const rows = [...(await readFile(PAGE, 'utf8')).matchAll(/^\| (sh, bash, zsh|PowerShell|Python) \| `(.*)` \|$/gm)]
    const written = new Map(rows.map(([, shell = '', line = '']) => [shell, line.replaceAll('\\|', '|')]))
    const sh = await run('/bin/sh', ['-c', written.get('sh, bash, zsh') ?? ''])
    assert.equal([sh.code, sh.stdout, sh.stderr], [0, 'a  b\n', ''])
    const [command = '', ...words] = powershellWords(written.get('PowerShell') ?? '')
    assert.equal(words.slice(1), ['run', '--until', "'sw1[>#] ?$'", '--', 'show run | include a'])
    const powershell = await run(command, words)
    assert.equal([powershell.code, powershell.stdout, powershell.stderr], [0, 'a\n', ''])
    const list = `import subprocess, sys; sys.exit(subprocess.run(${written.get('Python')}).returncode)`
    const python = await run('/usr/bin/python3', ['-c', list])
    assert.equal([python.code, python.stdout, python.stderr], [0, 'a\n', ''])
    assert.equal(cli.lines, ['show run | include "a  b"', 'show run | include a', 'show run | include a'])
    // The expression arrived whole: another prompt does not end the answer.
    cli.prompt = 'sw2# '
    const other = await run('/bin/sh', ['-c', `ssh core-sw1 run --idle 1 --until "'sw1[>#] ?$'" -- x`])
    assert.is(other.code, 1)
  },
  LIMIT,
)

test.run()
