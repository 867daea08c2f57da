/** tools/need-mounts on what the kernel says in a chroot and outside of one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'

const test = suite('need-mounts')
const PROC = '23 28 0:21 / /proc rw,relatime shared:12 - proc proc rw\n'
const ROOT = '28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n'

test('says what a root that is no mount point lacks', async context => {
  const folder = await scratchDirectory(context)
  const needMounts = async (mountinfo: string) => {
    const file = join(folder, 'mountinfo')
    writeFileSync(file, mountinfo)
    const { code, stderr } = await runProgram(join(import.meta.dirname, 'need-mounts'), [file])
    return `${code} ${stderr.trim()}`
  }
  assert.is(await needMounts(PROC + ROOT), '0 ')
  assert.match(await needMounts(PROC), /^69 This is a chroot whose root is no mount point.*mount --bind DIR DIR/)
  const missing = await runProgram(join(import.meta.dirname, 'need-mounts'), [join(folder, 'none')])
  assert.is(missing.code, 69)
  assert.match(missing.stderr, 'mount /proc first')
})

test.run()
