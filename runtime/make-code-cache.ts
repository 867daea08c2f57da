/** `make-code-cache.cjs`: makes the code caches of the programs in its folder, for the node that runs it, and removes older ones. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { codeCachePath } from './code-cache.ts'
import { PROGRAMS, programCommand } from './program-command.ts'

/** Milliseconds for one program: the slowest board takes a tenth of it. */
const LIMIT_MS = 120_000

const folder = dirname(process.argv[1] ?? '')
const caches = join(folder, 'code-cache')
const made = new Set<string>()
for (const name of PROGRAMS) {
  const program = join(folder, `${name}.cjs`)
  if (!existsSync(program)) continue
  const path = codeCachePath(program, readFileSync(program, 'utf8'))
  if (path !== undefined && make(name)) made.add(basename(path))
  else {
    process.stderr.write(`no code cache for ${name}: it starts as before, and slower\n`)
    process.exitCode = 1
  }
}
const found = statSync(caches, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(caches) : []
for (const name of found) if (!made.has(name)) rmSync(join(caches, name), { recursive: true })

/** The program is loaded with nothing of this machine around it. */
function make(name: string): boolean {
  const scratch = mkdtempSync(join(tmpdir(), 'oobm-code-cache-'))
  try {
    const [command = '', ...args] = programCommand(process.execPath, folder, name, '--make-code-cache')
    // The same bytes each time, so that an image can be built again; this one flag does not make a cache foreign.
    const flags = ['--random-seed=1', ...args]
    const env = { RUNTIME_DIRECTORY: scratch, STATE_DIRECTORY: scratch, OOBM_CONFIG: join(scratch, 'none') }
    const { status, stderr } = spawnSync(command, flags, { env, timeout: LIMIT_MS, encoding: 'utf8', stdio: 'pipe' })
    if (status !== 0) process.stderr.write(stderr ?? '')
    return status === 0
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
