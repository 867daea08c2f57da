/** The way to pi-gen, with a checkout whose builder writes down what it is given; the real one is in docs/decisions/0012. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'

const test = suite('with-pi-gen')
const PROGRAM = join(import.meta.dirname, 'with-pi-gen')

/** It reads its configuration as pi-gen does, and leaves something that is called as pi-gen calls an image. */
const builder = (arch: string) => `#!/bin/bash -e
export ARCH=${arch}
while getopts "c:" flag; do source "$OPTARG"; done
mkdir -p deploy
{
  echo "$0 in $PWD"
  echo "docker: $PIGEN_DOCKER_OPTS \${DOCKER-unset}"
  echo "stages: $STAGE_LIST"
  echo "user: $FIRST_USER_NAME \${#FIRST_USER_PASS} $DISABLE_FIRST_BOOT_USER_RENAME $ENABLE_CLOUD_INIT"
} >seen
echo image >"deploy/image_2026-01-01-$IMG_NAME.img.xz"
`

async function prepare(context: TestContext, arch: string) {
  const folder = await scratchDirectory(context)
  const checkout = join(folder, 'pi-gen')
  mkdirSync(join(checkout, 'stage2'), { recursive: true })
  writeFileSync(join(checkout, 'stage2/EXPORT_IMAGE'), '')
  for (const name of ['build.sh', 'build-docker.sh']) {
    writeFileSync(join(checkout, name), builder(arch))
    chmodSync(join(checkout, name), 0o755)
  }
  const deb = join(folder, 'device.deb')
  writeFileSync(deb, 'the package')
  return {
    checkout,
    out: join(folder, 'raspios-pi3'),
    seen: () => readFileSync(join(checkout, 'seen'), 'utf8'),
    run: (args: string[], env: Record<string, string> = {}) =>
      runProgram(PROGRAM, args, { env: { OOBM_DEB: deb, OOBM_OUT: folder, ...env } }),
  }
}

if (process.getuid?.() !== 0) test.skip('gives pi-gen the stage', 'pi-gen needs root')
else {
  test('gives pi-gen the stage with the package in it, behind its own, and takes the image', async context => {
    const { checkout, out, seen, run } = await prepare(context, 'arm64')
    const { code, stderr } = await run(['pi3', checkout])
    assert.is(code, 0, stderr)
    assert.match(seen(), new RegExp(`^\\./build\\.sh in ${checkout}$`, 'm'))
    assert.match(seen(), new RegExp(`^stages: stage0 stage1 stage2 ${out}/stage-remote$`, 'm'))
    assert.match(seen(), /^user: firstboot 32 1 0$/m)
    assert.ok(existsSync(join(checkout, 'stage2/SKIP_IMAGES')))
    assert.is(readFileSync(join(out, 'stage-remote/00-oobm/files/oobm-device.deb'), 'utf8'), 'the package')
    assert.is(statSync(join(out, 'stage-remote/00-oobm/01-run.sh')).mode & 0o111, 0o111)
    assert.ok(existsSync(join(out, `image_2026-01-01-oobm-pi3-${version()}.img.xz`)))
  })
}

test('lets Docker see the stage, and pi-gen find its command', async context => {
  const { checkout, out, seen, run } = await prepare(context, 'arm64')
  const { code, stderr } = await run(['pi3', checkout], { DOCKER: '1', PIGEN_DOCKER_OPTS: '--dns 192.0.2.1' })
  assert.is(code, 0, stderr)
  assert.match(seen(), /^\.\/build-docker\.sh in /m)
  assert.ok(seen().includes(`docker: -v ${out}/stage-remote:/stage-remote:ro --dns 192.0.2.1 unset\n`), seen())
  assert.match(seen(), /^stages: stage0 stage1 stage2 \/stage-remote$/m)
})

test('says what to do where the checkout, its branch or the board is another', async context => {
  const { checkout, run } = await prepare(context, 'armhf')
  const rows: [string[], RegExp][] = [
    [[], /BOARD=: pi-gen makes pi3 and zero-w/],
    [['vm', checkout], /BOARD=vm: pi-gen makes/],
    [['pi3'], /say where pi-gen is: make image BASE=raspios/],
    [['pi3', '/'], /\/build\.sh is missing: is this a checkout of pi-gen\?/],
    [['pi3', checkout], /makes another architecture than arm64: git -C .* checkout arm64/],
  ]
  for (const [args, message] of rows) {
    const { code, stderr } = await run(args)
    assert.is(code, 64, args.join(' '))
    assert.match(stderr, message)
  }
})

function version(): string {
  return (JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string })
    .version
}

test.run()
