/** `fresh`: what README.md and docs/first-device.md promise, on a Debian that has git and make alone, and the registries. */
import { mkdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { runProgram } from '../../../testbed/run-program.ts'
import type { Case, Run, Subject } from '../../case.ts'
import { type Container, makeDebian, startContainer } from '../../machine/container.ts'
import { removeFolder } from '../../remove-folder.ts'
import { readSteps } from '../../steps.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')
const LAST_LINES = 40

interface Stage {
  run: Run
  root: string
  /** What each case printed. */
  logs: string
  container?: Container
}

export const FRESH: Subject<Stage> = {
  name: 'fresh',
  about:
    'what README.md and docs/first-device.md promise, on a Debian with git and make alone: lab, tests, packages, image',
  on: ['bookworm', 'trixie'],
  cases: ({ on }) => {
    const ready = on === 'bookworm' ? 'node' : 'clone'
    return [
      { name: 'root', run: makeRoot },
      { name: 'clone', follows: 'root', run: clone },
      ...(on === 'bookworm' ? [stepCase('node', 'clone')] : []),
      ...['run', 'test', 'deb', 'image'].map(name => stepCase(name, ready)),
    ]
  },
  setUp: async run => {
    const logs = join(REPOSITORY, 'build/system-tests', run.options.on, 'fresh')
    await removeFolder(logs)
    await mkdir(logs, { recursive: true })
    return { run, root: join(run.folder, 'root'), logs }
  },
}

async function makeRoot({ run, root }: Stage): Promise<undefined> {
  run.cleanup(() => removeFolder(root))
  await makeDebian(root, run.options.on, ['git', 'make', 'init'])
  const { code, stderr } = await runProgram(join(import.meta.dirname, 'hand-over-registries'), [root])
  if (code !== 0) throw new Error(`hand-over-registries: ${stderr}`)
}

async function clone(stage: Stage): Promise<undefined> {
  const { root, run } = stage
  const container = startContainer(root)
  stage.container = container
  run.cleanup(async () => {
    await runProgram(join(import.meta.dirname, 'take-loop-devices-back'), [String(await container.leader())])
    await container.cutPower()
  })
  await container.untilUp()
  await container.connect()
  await container.sh(LEND_LOOP_DEVICES)
  const bundle = ['-C', REPOSITORY, 'bundle', 'create', '--quiet', join(root, 'root/oobm.bundle'), 'HEAD']
  const { code, stderr } = await runProgram('git', bundle, { timeoutMs: 120_000 })
  if (code !== 0) throw new Error(`git bundle: ${stderr}`)
  await container.sh('git clone --quiet oobm.bundle oobm')
}

/** A container's /dev has none, and the kernel makes those of partitions in its own /dev alone. */
const LEND_LOOP_DEVICES = `
  mkdir /run/devices
  mount -t devtmpfs devtmpfs /run/devices
  ln -s /run/devices/loop-control /dev
  for n in $(seq 0 31); do
    ln -s "/run/devices/loop$n" /dev
    for part in 1 2 3 4; do ln -s "/run/devices/loop\${n}p$part" /dev; done
  done`

function stepCase(name: string, follows: string): Case<Stage> {
  return {
    name,
    follows,
    run: async ({ container, logs }) => {
      const steps = readSteps(await readFile(join(import.meta.dirname, 'fresh.sh'), 'utf8'))
      const script = steps.find(step => step.name === name)?.script ?? ''
      const log = join(logs, `${name}.log`)
      const said = await container?.sh(script, log).catch((err: Error) => {
        const [exit = '', ...lines] = err.message.trimEnd().split('\n')
        throw new Error([exit, relative('', log), ...lines.slice(-LAST_LINES)].join('\n'))
      })
      return said
        ?.split('\n')
        .filter(line => /^(\d+ passed|skipped: )/.test(line))
        .join('\n')
    },
  }
}
