/** Packages of the device, made as `make deb-device` does, from the source as it is. */
import { join } from 'node:path'
import { buildInto } from '../../../testbed/programs.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import type { TestContext } from '../../../testbed/suite.ts'
import type { Architecture } from '../../serial-addon.ts'
import { run } from '../../testing/throwaway-root.ts'

const EPOCH_S = '1790000000'

/** @returns their paths, in the order of the architectures */
export async function pack(folder: string, architectures: readonly Architecture[]): Promise<string[]> {
  const build = join(folder, 'build')
  await buildInto(build)
  const named = architectures.flatMap(architecture => ['--device', architecture])
  const args = ['--import', 'tsx', 'packaging/build-deb.ts', build, folder, ...named]
  return (await run(process.execPath, args, { SOURCE_DATE_EPOCH: EPOCH_S })).trim().split('\n')
}

export async function unpackedRoot(context: TestContext, deb: string): Promise<string> {
  const root = await scratchDirectory(context)
  await run('dpkg-deb', ['-x', deb, root])
  return root
}
