/** A card on a loop device, started as far as `prepare` goes, in a mount namespace of its own: all of the appliance's start but the kernel. */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Finished, runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type Test, type TestContext } from '../../testbed/suite.ts'
import { makeCard } from '../card/card.ts'

export const APPLIANCE = join(import.meta.dirname, '../../image/stage-remote/01-appliance/files/usr/lib/oobm-appliance')
const ROOT_MIB = 16
const CARD_MIB = 600

/** The tests of a file that needs such cards: without root and loop devices none of them can be. */
export async function cardSuite(name: string): Promise<Test> {
  const test = suite(name)
  const loop = process.getuid?.() === 0 ? await runProgram('losetup', ['--find']) : undefined
  // A container may know of a device that it has no node of: "/dev/loop0 (lost)".
  if (loop?.code === 0 && existsSync(loop.stdout.trim())) return test
  const skip = (title: string) => test.skip(title, 'it needs root, and loop devices in /dev')
  return Object.assign(skip, { skip: test.skip, run: test.run })
}

export interface LoopCard {
  /** The card's file. */
  readonly path: string
  /** Folder of this card's test. */
  readonly folder: string
  /** Starts the system, and runs a script in it: $S is where it was put together, $F its facts. */
  start(script?: string, options?: StartOptions): Promise<Started>
}

export interface StartOptions {
  /** The card takes no writes. */
  readOnly?: boolean
  /** As when the first try failed. */
  withoutData?: boolean
  /** The power goes before the so-manieth of the tools that change something. */
  cutAt?: number
  /** A folder of programs that come before the system's. */
  tools?: string
}

export interface Started {
  /** The fact of that name, undefined where there is none. */
  facts: Record<string, string>
  /** What the script printed. */
  said: string
  /** What the start said to the kernel's log. */
  log: string
  /** True when the power went. */
  cut: boolean
}

/** The tools by which a start changes the card. */
const CHANGING = ['sfdisk', 'partx', 'mke2fs', 'blockdev', 'e2fsck', 'resize2fs', 'cp', 'mv', 'sync']

/** @param sizeMib of the card; the root partition ends at 33 MiB */
export async function makeLoopCard(context: TestContext, sizeMib = CARD_MIB): Promise<LoopCard> {
  const folder = await scratchDirectory(context)
  const root = join(folder, 'root.ext4')
  const tree = join(folder, 'tree')
  await mkdir(join(tree, 'etc/oobm'), { recursive: true })
  await writeFile(join(tree, 'etc/oobm/seed'), 'from the image\n', { mode: 0o640 })
  await writeFile(join(tree, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\noobm:x:1234:1235::/home/oobm:/bin/sh\n')
  await mkdir(join(tree, 'home/oobm'), { recursive: true })
  const made = await runProgram('mke2fs', ['-q', '-t', 'ext4', '-d', tree, root, `${ROOT_MIB}M`])
  if (made.code !== 0) throw new Error(made.stderr)
  const path = join(folder, 'card.img')
  await makeCard(path, { root, rootMib: ROOT_MIB, sizeMib })
  const cutters = join(folder, 'cutters')
  await mkdir(cutters)
  for (const tool of CHANGING) await copyFile(join(import.meta.dirname, 'cutter'), join(cutters, tool))
  return {
    path,
    folder,
    start: async (script = ':', { readOnly, withoutData, cutAt, tools }: StartOptions = {}) => {
      await writeFile(join(cutters, 'count'), '0\n')
      const args = [path, folder, readOnly ? '--read-only' : '', withoutData ? '--without-data' : '', script]
      const done = await runProgram(join(import.meta.dirname, 'start-card'), args, {
        env: {
          APPLIANCE,
          OOBM_TOOLS: cutAt === undefined ? tools : cutters,
          OOBM_CUT_AT: String(cutAt ?? 0),
          PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
        },
        timeoutMs: 120_000,
      })
      return understand(done, await readFile(join(folder, 'kernel.log'), 'utf8'))
    },
  }
}

function understand({ code, stdout, stderr }: Finished, log: string): Started {
  const ended = /^code (\d+)$/m.exec(stdout)
  if (!ended) throw new Error(`no start: exit ${code}\n${stdout}\n${stderr}\n${log}`)
  const cut = ended[1] === '137'
  if (!cut && (ended[1] !== '0' || code !== 0)) throw new Error(`exit ${code}\n${stdout}\n${stderr}\n${log}`)
  const facts: Record<string, string> = {}
  for (const [, name = '', value = ''] of stdout.matchAll(/^fact (\S+) (.*)$/gm)) facts[name] = value.trim()
  return { facts, said: stdout.slice((ended.index ?? 0) + ended[0].length + 1).trimEnd(), log, cut }
}
