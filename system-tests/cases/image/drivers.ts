/** What the built card has for USB Wi-Fi and for the voice, asked of the image itself: kmod's tools on its modules, and its firmware. */
import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Family, OWN_SOUND, USB_SOUND, USB_WIFI } from '../../../image/build/hardware.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { partitionIn } from '../../card/card.ts'
import type { Steps } from '../../case.ts'
import type { Stage } from './scene.ts'

const MODULES = '/usr/lib/modules'
const FIRMWARE = '/usr/lib/firmware'
const SPEECH = ['/usr/bin/aplay', '/usr/bin/espeak-ng', '/usr/share/oobm/speech/en/ready.wav']

/** No board is started: it takes seconds. */
export async function checkDrivers({ board, image }: Stage, steps: Steps): Promise<undefined> {
  const root = join(steps.folder, 'root')
  const kernel = await readTree(join(image, 'oobm.img'), root)
  // Firmware is for boards with a USB port; a virtual machine has none of it.
  const hasFirmware = board.dtb !== undefined
  for (const family of USB_WIFI) {
    await steps.step(`drivers of ${family.name}`, () => checkFamily(root, kernel, family, hasFirmware))
  }
  await steps.step('drivers of USB sound', () => checkFamily(root, kernel, USB_SOUND, false))
  if (hasFirmware) await steps.step('driver of its own sound', () => checkFamily(root, kernel, OWN_SOUND, false))
  await steps.step('programs and recordings of the voice', async () => {
    const missing = SPEECH.filter(path => !isThere(root, path))
    if (missing.length > 0) throw new Error(`not on the card: ${missing.join(', ')}`)
    return SPEECH.join(', ')
  })
  return undefined
}

/** @returns the version of its kernel */
async function readTree(image: string, root: string): Promise<string> {
  const { ext4 } = await partitionIn(image, 2)
  const paths = [MODULES, FIRMWARE, '/etc/alternatives', ...SPEECH]
  // Where kmod looks, whichever Debian it is of.
  await mkdir(join(root, 'usr'), { recursive: true })
  await symlink('usr/lib', join(root, 'lib'))
  const commands: string[] = []
  for (const path of paths) {
    const parent = join(root, path, '..')
    await mkdir(parent, { recursive: true })
    commands.push(`rdump ${path} ${parent}`)
  }
  // debugfs ends with 0 whatever it says; what it could not read is missed below.
  await runProgram('debugfs', ['-f', '-', ext4], { input: commands.join('\n'), timeoutMs: 300_000 })
  const kernels = existsSync(join(root, MODULES)) ? readdirSync(join(root, MODULES)) : []
  const [kernel, ...others] = kernels
  if (kernel === undefined || others.length > 0) throw new Error(`kernels on the card: ${kernels.join(', ') || 'none'}`)
  return kernel
}

async function checkFamily(root: string, kernel: string, family: Family, hasFirmware: boolean): Promise<string> {
  const kmod = async (program: 'modinfo' | 'modprobe', ...args: string[]) => {
    const where = program === 'modinfo' ? ['-b', root, '-k', kernel] : ['-d', root, '-S', kernel]
    const { code, stdout, stderr } = await runProgram(program, [...where, ...args])
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim() || 'there is no such module'}`)
    return stdout.split('\n').filter(line => line !== '')
  }
  // depmod forgets silently what a module needs and is not there, so each is asked for itself.
  const wanted = new Set(family.modules)
  const files = new Set<string>()
  for (const module of wanted) {
    await kmod('modprobe', '--show-depends', module)
    for (const needed of (await kmod('modinfo', '-F', 'depends', module)).flatMap(line => line.split(',')))
      wanted.add(needed)
    for (const file of await kmod('modinfo', '-F', 'firmware', module)) files.add(file)
  }
  for (const { what, alias, module } of family.adapters) {
    const answering = await kmod('modprobe', '--resolve-alias', alias)
    if (!answering.includes(module))
      throw new Error(`${what} (${alias}): ${answering.join(' ') || 'no module'} answers`)
  }
  const adapters = `${family.adapters.length} adapters known`
  if (!hasFirmware) return `${wanted.size} modules, ${adapters}`
  const missing = [...files].filter(file => !isThere(root, join(FIRMWARE, file)))
  const unexpected = missing.filter(file => !family.absent?.includes(file))
  if (unexpected.length > 0) throw new Error(`firmware that is not on the card: ${unexpected.join(', ')}`)
  return `${wanted.size} modules, ${adapters}, ${files.size - missing.length} files of firmware`
}

/** As the card's own system finds it: links lead to places on the card. */
function isThere(root: string, path: string): boolean {
  const found = lstatSync(join(root, path), { throwIfNoEntry: false })
  return found?.isSymbolicLink()
    ? isThere(root, resolve(path, '..', readlinkSync(join(root, path))))
    : found !== undefined
}
