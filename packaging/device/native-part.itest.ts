/** The native part of the device's package, for each architecture. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { ARCHITECTURES, type Architecture } from '../serial-addon.ts'
import { run } from '../testing/throwaway-root.ts'
import { pack, unpackedRoot } from './testing/pack-device.ts'

const test = suite('native part of oobm-device')
const SLOW = { timeoutMs: 240_000 }
const canCompile = spawnSync('arm-linux-gnueabi-g++', ['--version']).status === 0
const buildable = ARCHITECTURES.filter(architecture => canCompile || architecture !== 'armel')

/** Machine, and what readelf(1) says of an ARM's instructions and of how it passes numbers. */
const NATIVE: Record<Architecture, RegExp> = {
  amd64: /Machine: +Advanced Micro Devices X86-64/,
  arm64: /Machine: +AArch64/,
  armhf: /Machine: +ARM[\s\S]*hard-float ABI[\s\S]*CPU_arch: v6/,
  armel: /Machine: +ARM[\s\S]*soft-float ABI[\s\S]*CPU_arch: v5TE/,
}
/** What `os.arch()` says there. */
const FOLDER: Record<Architecture, string> = {
  amd64: 'linux-x64',
  arm64: 'linux-arm64',
  armhf: 'linux-arm',
  armel: 'linux-arm',
}

if (!canCompile) test.skip('its native part is for its architecture: armel', 'needs arm-linux-gnueabi-g++')
test(
  'its native part is for its architecture, the only one, and where the program looks for it',
  async context => {
    const debs = await pack(await scratchDirectory(context), buildable)
    assert.is(debs.length, buildable.length)
    for (const [index, architecture] of buildable.entries()) {
      const root = await unpackedRoot(context, debs[index] ?? '')
      const found = (await run('find', [join(root, 'usr'), '-name', '*.node'])).trim()
      assert.is(found, join(root, 'usr/lib/oobm/prebuilds', FOLDER[architecture], '@serialport+bindings-cpp.node'))
      assert.match(await run('readelf', ['-hA', found]), NATIVE[architecture])
      const needed = [...(await run('readelf', ['-V', found])).matchAll(/\bGLIBC_2\.(\d+)/g)]
      const newest = Math.max(...needed.map(([, minor]) => Number(minor)))
      const depends = await run('dpkg-deb', ['--field', debs[index] ?? '', 'Depends'])
      assert.match(depends, `libc6 (>= 2.${newest})`, architecture)
      // What is not compiled here is for Debian 11 and later.
      if (architecture !== 'armel') assert.ok(newest <= 31, `${architecture}: GLIBC_2.${newest}`)
    }
  },
  SLOW,
)

test.run()
