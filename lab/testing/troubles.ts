/** Every command of `oobm-relay` and of `oobm` in hostile surroundings: none shows a stack, each says why it failed. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type CommandTable, commandsOf, type Program } from '../../cli/command.ts'
import { PROGRAM as OOBM } from '../../device/commands/all-commands.ts'
import { PROGRAM as OOBM_RELAY } from '../../relay-config/operator/commands/all-commands.ts'
import { HEALTH } from '../../relay-config/relay/state/judge-health.ts'
import { EXIT } from '../../runtime/errors.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { buildInto } from '../../testbed/programs.ts'
import { type Finished, runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { Test, TestContext } from '../../testbed/suite.ts'

const SLOW = { timeoutMs: 290_000 }

/** What each command is run with: enough to do its work. A command that is not here is run with nothing. */
const RELAY_USES: Record<string, string[][]> = {
  init: [[], ['--host', '127.0.0.1', '--port', '1', '--accounts', 'dedicated', '--name', 'x', '--fleet', 'new.toml']],
  add: [
    ['device', 'kyoto', '--console', 'c', '--path', '/dev/x'],
    ['technician', 'bob', '--key', '-'],
  ],
  remove: [
    ['device', 'tokyo'],
    ['--all', '--root', '.'],
  ],
  rename: [['device', 'tokyo', 'edo']],
  list: [[]],
  keys: [['--all', '--fleet', 'grown.toml']],
  render: [['--known-hosts', 'C:\\Users\\a\\known_hosts']],
  issue: [['tokyo'], ['tokyo', '--with', '.']],
  push: [[], ['--restore']],
  plan: [['--here']],
  apply: [[]],
  check: [[]],
  'hop-keys': [['--root', '.']],
  'host-key': [['--root', '.', '--private']],
  passwd: [['alice', '--root', '.']],
  settings: [
    ['push', 'tokyo', '--state', 'relay'],
    ['push', '--stdin', '--state', 'relay'],
    ['history', 'tokyo', '--state', 'relay'],
    ['sign', 'tokyo', '--out', 'out/settings'],
  ],
  status: [[], ['--state', 'relay']],
  on: [['tokyo', '--state', 'relay']],
  off: [['tokyo', '--state', 'relay']],
  history: [['--state', 'relay']],
  blink: [['tokyo', '--state', 'relay']],
  watch: [['sw1']],
  metrics: [['--state', 'relay', '--out', 'out/metrics']],
  nagios: [['--state', 'relay'], []],
}

/** They run until they are ended. */
const ENDLESS = ['desk']
const DEVICE_USES: Record<string, string[][]> = {
  status: [[], ['--json']],
  test: [[]],
  doctor: [[]],
  console: [['list'], ['attach', 'sw1']],
  history: [[]],
  led: [['ready']],
  // With an argument that is none: as root it would make accounts here.
  people: [['x']],
  import: [['fleet.toml', '--root', '.'], ['relay']],
  provision: [['--boot', '.', '--root', '.']],
  upgrade: [[], ['fleet.toml']],
}

interface Trouble {
  /** Shell, before the program is started in the operator's folder as `"$@"`. */
  script: string
  /** Whether it concerns the operator's files alone. */
  isOfFiles?: boolean
  /** Whether what it says can be seen at all. */
  isMute?: boolean
}

const AS_NOBODY = 'exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"'
const TROUBLES: Record<string, Trouble> = {
  'no HOME, and no account for the uid': {
    script: 'chown -R 54321 .; unset HOME; exec setpriv --reuid 54321 --regid 54321 --clear-groups "$@"',
  },
  'no PATH': { script: 'PATH=/nowhere; exec "$@"' },
  'no temporary folder': { script: 'export TMPDIR=/nowhere; exec "$@"' },
  'a current folder that is gone': {
    script: 'export OOBM_FLEET=$PWD/fleet.toml; mkdir gone; cd gone; rmdir ../gone; exec "$@"',
  },
  'a folder as standard input': { script: 'exec "$@" <.' },
  'a full standard output': { script: 'exec "$@" >/dev/full' },
  'a reader that is gone': { script: 'set -o pipefail; "$@" | true', isMute: true },
  'all three closed': { script: 'exec "$@" <&- >&- 2>&-', isMute: true },
  'a name that is no UTF-8': { script: 'exec "$@" $\'\\xff\\xfe\'' },
  'secrets and folders of another user': { isOfFiles: true, script: `chmod 755 .; ${AS_NOBODY}` },
  'a read-only file system': {
    isOfFiles: true,
    script: 'mount --bind . . && mount -o remount,ro,bind . && cd "$PWD" && exec "$@"',
  },
  'a full disk': {
    isOfFiles: true,
    script:
      'mkdir small; mount -t tmpfs -o size=400k tmpfs small; cp -a $(ls -A | grep -v small) small; cd small; export TMPDIR=$PWD; { head -c 1M /dev/zero >fill; } 2>/dev/null; exec "$@"',
  },
  'folders in place of files': {
    isOfFiles: true,
    script:
      'for f in $(find . -type f -name "*key*" -o -name "*.jsonl" -o -name known_hosts); do rm $f; mkdir $f; done; exec "$@"',
  },
  'files in place of folders': {
    isOfFiles: true,
    script: 'rm -r secrets rendered relay/state; touch secrets rendered relay/state; exec "$@"',
  },
  'damaged files': {
    script:
      'for f in $(find . -type f); do head -c 60 $f >x; printf "\\377\\000" >>x; cat x >$f; rm -f x; done; exec "$@"',
  },
  'a fleet file that is a folder': { isOfFiles: true, script: 'rm fleet.toml; mkdir fleet.toml; exec "$@"' },
  'few file descriptors': { script: 'exec prlimit --nofile=24:24 "$@"' },
}

interface Share {
  program: 'oobm' | 'oobm-relay'
  isOfFiles?: boolean
  part: [part: number, parts: number]
}

/** The programs as they are installed, and the folder of an operator. */
async function scene(context: TestContext) {
  const folder = await scratchDirectory(context)
  // Others than root are to find the way in.
  await runProgram('chmod', ['755', folder])
  await buildInto(join(folder, 'build'))
  const program = (name: string) => join(folder, 'build/lib', `${name}.cjs`)
  const base = join(folder, 'base')
  await mkdir(join(base, 'relay/state/tokyo'), { recursive: true })
  await mkdir(join(base, 'out'))
  await mkdir(join(base, 'etc'))
  await writeFile(join(base, 'relay/history.jsonl'), '')
  await writeFile(join(base, 'etc/passwd'), 'alice:x:20000:20000::/:/bin/sh\n')
  const { publicKey } = await makeKey(folder, 'alice')
  const text = `version = 1
[[relays]]
name = "lon"
accounts = "dedicated"
host = "127.0.0.1"
port = 2
admin_port = 1
host_keys = ["${publicKey}"]
[[devices]]
name = "tokyo"
port = 20100
consoles = [{ name = "sw1", path = "/dev/ttyUSB0" }]
[[technicians]]
name = "alice"
keys = ["${publicKey}"]
consoles = "all"
login = "all"
uid = 20000
[settings]
signers = ["${publicKey}"]
key = "${join(folder, 'alice')}"
`
  await writeFile(join(base, 'fleet.toml'), text)
  for (const args of [['keys', '--all'], ['render']]) {
    const { code, stderr } = await runProgram(process.execPath, [program('oobm-relay'), ...args], { cwd: base })
    assert.is(code, 0, stderr)
  }
  // One whose keys are still to be made.
  await writeFile(join(base, 'grown.toml'), `${text}[[devices]]\nname = "osaka"\nport = 20102\n`)
  let made = 0
  const run = async (script: string, name: string, args: string[]): Promise<Finished> => {
    const cwd = join(folder, String(made++))
    await cp(base, cwd, { recursive: true })
    // In a session of its own: nobody could type anything; and with mounts of its own.
    const limited = ENDLESS.includes(args[0] ?? '') ? ['/usr/bin/timeout', '--preserve-status', '-s', 'INT', '10'] : []
    const command = [...limited, process.execPath, program(name), ...args]
    const own = ['--mount', 'setsid', '--wait', 'bash', '-c', script, '-', ...command]
    const { OOBM_FLEET: _, TMPDIR: __, ...env } = process.env
    try {
      return await runProgram('unshare', own, { cwd, env, timeoutMs: 60_000 })
    } finally {
      await rm(cwd, { recursive: true, force: true })
    }
  }
  return { folder, run }
}

/** A monitoring server has codes of its own. */
function codesOf(command: string): readonly number[] {
  return command === 'nagios'
    ? Object.values(HEALTH)
    : [EXIT.ok, EXIT.failed, EXIT.usage, EXIT.unavailable, EXIT.configuration]
}

/** What is wrong with how a program ended; undefined when nothing is. */
function complaint(command: string, { code, stdout, stderr }: Finished, isMute = false): string | undefined {
  const said = stdout + stderr
  if (/^ +at .*:\d+:\d+\)?$/m.test(said)) return 'a stack'
  if (/\(a defect/.test(said)) return 'a defect'
  if (code === null || !codesOf(command).includes(code)) return `exit code ${code}`
  if (code !== 0 && !isMute && said.trim() === '') return 'nothing is said'
  return /^\w*Error\b/m.test(stderr) ? 'an error of JavaScript' : undefined
}

/**
 * Declares the test of all commands of one program in each of the surroundings.
 * @param isOfFiles those that concern an operator's files alone, or the others
 * @param part which of how many test files: together they try all
 */
export function declareTroubles(
  test: Test,
  title: string,
  { program, isOfFiles = false, part: [part, parts] }: Share,
): void {
  if (process.getuid?.() !== 0) {
    test.skip(title, 'it mounts, and becomes other users: needs root')
    return
  }
  test(
    title,
    async context => {
      const { run } = await scene(context)
      const troubles = Object.entries(TROUBLES).filter(([, trouble]) => (trouble.isOfFiles ?? false) === isOfFiles)
      const uses = program === 'oobm' ? usesOf(OOBM, DEVICE_USES) : usesOf(OOBM_RELAY, RELAY_USES)
      const all = troubles.flatMap(([trouble, how]) => uses.map(use => ({ trouble, how, use })))
      const cases = all.filter((_, index) => index % parts === part - 1)
      assert.ok(cases.length > 0)
      const wrong: string[] = []
      const work = async () => {
        for (let next = cases.pop(); next; next = cases.pop()) {
          const { trouble, how, use } = next
          const [name = '', ...args] = use
          const ended = await run(how.script, name, args)
          const problem = complaint(args[0] ?? '', ended, how.isMute)
          if (problem === undefined) continue
          wrong.push(`${trouble}: ${name} ${args.join(' ')}: ${problem}: ${ended.stdout}${ended.stderr}`)
        }
      }
      await Promise.all(Array.from({ length: 4 }, work))
      assert.equal(wrong, [])
    },
    SLOW,
  )
}

/** @returns the commands of the tables above that no program has */
export function unknownUses(): string[] {
  const unknown = (uses: object, known: object) => Object.keys(uses).filter(name => !Object.hasOwn(known, name))
  return [...unknown(RELAY_USES, commandsOf(OOBM_RELAY)), ...unknown(DEVICE_USES, commandsOf(OOBM))]
}

function usesOf<C extends CommandTable<C>>(program: Program<C>, uses: Record<string, string[][]>): string[][] {
  return Object.keys(commandsOf(program)).flatMap(command =>
    (uses[command] ?? [[]]).map(args => [program.name, command, ...args]),
  )
}
