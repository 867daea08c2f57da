/** Bundles each program into one file that runs on the device without node_modules, into `build/`. */
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/** Another folder may be named on the command line: a test builds its own. */
const OUT = process.argv[2] ?? 'build'

/** Program → its entry. */
const PROGRAMS = {
  oobm: 'device/main.ts',
  'oobm-supervisor': 'supervisor/main.ts',
  'oobm-console': 'console-bridge/main.ts',
  'oobm-apply': 'apply/main.ts',
  'oobm-router': 'router/main.ts',
  'oobm-page': 'device/page/main.ts',
  'oobm-say': 'device/speech/main.ts',
  'oobm-line': 'console-bridge/line-program/main.ts',
  'oobm-drop': 'file-drop/main.ts',
  'oobm-power': 'power/main.ts',
  'oobm-modem': 'modem/main.ts',
  'oobm-relay': 'relay-config/main.ts',
  'lab-console': 'lab/console-main.ts',
  'lab-supervisor': 'lab/supervisor-main.ts',
  lab: 'lab/main.ts',
  start: 'runtime/start-program.ts',
  'make-code-cache': 'runtime/make-code-cache.ts',
}

const XTERM_CSS = 'node_modules/@xterm/xterm/css/xterm.css'

/** What node-pty needs on a system as this one; the native part is there where npm found one for it. */
const PTY_NATIVE = `@lydell/node-pty-${process.platform}-${process.arch}`
const PTY_FILES: Record<string, readonly string[]> = existsSync(join('node_modules', PTY_NATIVE))
  ? {
      '@lydell/node-pty': [
        ...['package.json', 'LICENSE', 'index.js', 'requireBinary.js', 'eventEmitter2.js', 'interfaces.js'],
        ...['terminal.js', 'types.js', 'unixTerminal.js', 'utils.js'],
      ],
      [PTY_NATIVE]: readdirSync(join('node_modules', PTY_NATIVE)),
    }
  : {}

mkdirSync(OUT, { recursive: true })
const fresh = mkdtempSync(join(OUT, '.bundle-'))
await build({
  entryPoints: Object.entries(PROGRAMS).map(([out, entry]) => ({ in: entry, out })),
  outdir: join(fresh, 'lib'),
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // ssh2 tells its sessions by the name of their class, which is also the name of one of ours.
  keepNames: true,
  // Optional native parts of ssh2: it runs without them, and falls back when the require fails.
  external: ['*.node', 'cpu-features'],
  define: { 'import.meta.dirname': '__dirname' },
  legalComments: 'none',
  logLevel: 'warning',
})

// Each begins with what it is, by which its code cache is found (runtime/code-cache.ts).
for (const name of Object.keys(PROGRAMS)) {
  const path = join(fresh, 'lib', `${name}.cjs`)
  const source = readFileSync(path, 'utf8')
  writeFileSync(path, `/* ${createHash('sha256').update(source).digest('hex')} */\n${source}`)
}

// The page of `oobm-relay desk`, which reads it beside itself.
const DESK = 'relay-config/operator/desk/browser'
await build({
  entryPoints: [{ in: `${DESK}/main.ts`, out: 'desk' }],
  outdir: join(fresh, 'lib/desk'),
  bundle: true,
  platform: 'browser',
  target: ['chrome115', 'firefox115', 'safari16.4'],
  format: 'iife',
  legalComments: 'none',
  logLevel: 'warning',
})
const deskStyles = [`${DESK}/desk.css`, `${DESK}/device.css`, XTERM_CSS].map(path => readFileSync(path, 'utf8'))
writeFileSync(join(fresh, 'lib/desk/desk.css'), deskStyles.join('\n'))
cpSync(`${DESK}/index.html`, join(fresh, 'lib/desk/index.html'))
// A native part cannot be bundled: it stays a package, as on npm, without what other systems need.
for (const [name, files] of Object.entries(PTY_FILES))
  for (const file of files)
    cpSync(join('node_modules', name, file), join(fresh, 'lib/desk/node_modules', name, file), { recursive: true })

// serialport looks for its binary in prebuilds/, one directory above the file that asks.
const prebuilds = 'node_modules/@serialport/bindings-cpp/prebuilds'
for (const platform of readdirSync(prebuilds).filter(name => name.startsWith('linux-'))) {
  const to = join(fresh, 'prebuilds', platform)
  mkdirSync(to, { recursive: true })
  cpSync(join(prebuilds, platform), to, { recursive: true })
}

// What devices and technicians may run on a relay: `oobm-relay` reads it beside itself.
for (const word of ['oobm-device-command', 'oobm-enrol-command', 'oobm-technician-command'])
  cpSync(join('relay-config/relay/forced-commands', word), join(fresh, 'lib', 'forced-commands', word))

// By which a test finds the bundle of a program (testbed/programs.ts).
const names = Object.fromEntries(Object.entries(PROGRAMS).map(([name, entry]) => [entry, name]))
writeFileSync(join(fresh, 'programs.json'), JSON.stringify(names))

// In one move each: who packs or runs these programs meanwhile finds the old ones or the new ones.
for (const each of ['lib', 'prebuilds', 'programs.json']) {
  const to = join(OUT, each)
  if (existsSync(to)) renameSync(to, join(fresh, `old-${each}`))
  renameSync(join(fresh, each), to)
}
rmSync(fresh, { recursive: true, force: true })
