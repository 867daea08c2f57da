/** The stage against pi-gen's rules (its README and build.sh): what breaks one is left out there silently. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'

const test = suite('stage contract')
const STAGE = import.meta.dirname
const STEP = /^\d\d-(debconf|packages|packages-nr|run\.sh|run-chroot\.sh)$/
/** What pi-gen exports to the scripts of a stage; the stage may count on no other. */
const VARIABLES =
  'ROOTFS_DIR STAGE STAGE_DIR STAGE_WORK_DIR PREV_ROOTFS_DIR WORK_DIR DEPLOY_DIR BASE_DIR SCRIPT_DIR IMG_NAME IMG_DATE ARCH RELEASE TARGET_HOSTNAME FIRST_USER_NAME LOG_FILE'.split(
    ' ',
  )
/** Set by bash, or by who builds: the .deb. */
const OTHERS = ['PWD', 'OOBM_DEB']

const subStages = readdirSync(STAGE, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)
const steps = subStages.flatMap(folder =>
  readdirSync(join(STAGE, folder))
    .filter(name => name !== 'files')
    .map(name => join(folder, name)),
)
const scripts = ['prerun.sh', ...steps.filter(path => path.endsWith('.sh'))]
const text = (path: string) => readFileSync(join(STAGE, path), 'utf8')

test('has nothing but what pi-gen looks at, each under its name', () => {
  const known = ['prerun.sh', 'EXPORT_IMAGE']
  const loose = readdirSync(STAGE, { withFileTypes: true }).filter(entry => !entry.isDirectory())
  assert.equal(
    loose.map(({ name }) => name).filter(name => !known.includes(name) && !name.endsWith('test.ts')),
    [],
  )
  assert.equal(
    subStages.filter(name => !/^\d\d-[a-z]+$/.test(name)),
    [],
  )
  assert.equal(
    steps.filter(path => !STEP.test(path.split('/')[1] ?? '')),
    [],
  )
  assert.ok(steps.length > 5)
})

test('marks as executable what pi-gen runs, in the repository too: else it is skipped', () => {
  const modes = execFileSync('git', ['ls-files', '--stage', '.'], { cwd: STAGE, encoding: 'utf8' })
  for (const path of scripts) {
    const isRun = !path.endsWith('-run-chroot.sh')
    assert.is((statSync(join(STAGE, path)).mode & 0o111) !== 0, isRun, path)
    const committed = new RegExp(`^(\\d+) .*\\t${path.replaceAll('.', '\\.')}$`, 'm').exec(modes)?.[1]
    if (committed !== undefined) assert.is(committed, isRun ? '100755' : '100644', `${path} in git`)
  }
})

test('stops a script at its first error', () => {
  for (const path of scripts) assert.ok(text(path).startsWith('#!/bin/bash -e\n'), path)
})

const packages = () =>
  steps
    .filter(path => /packages(-nr)?$/.test(path))
    .flatMap(path => text(path).replaceAll(/#.*/g, '').split(/\s+/))
    .filter(name => name !== '')

test('names what the device’s package depends on: it is installed without a mirror', () => {
  const control = readFileSync(join(STAGE, '../../packaging/device/debian/control'), 'utf8')
  const depends = (/^Depends: (.*)$/m.exec(control)?.[1] ?? '').split(', ').map(one => one.split(' ')[0] ?? '')
  assert.ok(depends.length > 5)
  // In every Debian that starts.
  const always = ['systemd', 'udev', 'passwd', 'libpam-runtime', 'libpam-modules', 'libc6', 'libgcc-s1', 'libstdc++6']
  assert.equal(
    depends.filter(name => !always.includes(name) && !packages().includes(name)),
    [],
  )
})

test('names packages that could be ones, each once', () => {
  const names = packages()
  assert.ok(names.length > 10)
  assert.equal(
    names.filter((name, index) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name) || names.indexOf(name) !== index),
    [],
  )
})

test('uses no variable that pi-gen does not set', () => {
  for (const path of scripts) {
    // Reproducible builds set it (reproducible-builds.org); without it nothing depends on it.
    const content = text(path).replaceAll(/\$\{SOURCE_DATE_EPOCH:\+[^}]*\}/g, '')
    const used = [...content.matchAll(/\$\{?([A-Z][A-Z_]+)/g)].map(match => match[1] ?? '')
    assert.equal(
      used.filter(name => !VARIABLES.includes(name) && !OTHERS.includes(name)),
      [],
      path,
    )
  }
})

test('lets no command of a script for the chroot read the rest of that script, which comes on stdin', () => {
  const reading =
    /^\s*(DEBIAN_FRONTEND=\S+ )?(apt-get|apt|dpkg|update-initramfs|read|cat|ssh|debconf\S*|for .* do depmod)(\s|$)/
  for (const path of scripts.filter(each => each.endsWith('-run-chroot.sh'))) {
    const lines = text(path).split('\n')
    for (const line of lines) if (reading.test(line)) assert.match(line, /<\/dev\/null/, `${path}: ${line}`)
  }
})

test('is not left out, and gives an image', () => {
  assert.equal(
    readdirSync(STAGE, { recursive: true, encoding: 'utf8' }).filter(path => /(^|\/)SKIP(_IMAGES)?$/.test(path)),
    [],
  )
  assert.match(text('EXPORT_IMAGE'), /^IMG_SUFFIX=/m)
})

test('installs each file once', () => {
  const paths = subStages.flatMap(folder => {
    const files = join(STAGE, folder, 'files')
    const entries = readdirSync(join(STAGE, folder)).includes('files')
      ? readdirSync(files, { recursive: true, withFileTypes: true })
      : []
    return entries.filter(entry => entry.isFile()).map(entry => relative(files, join(entry.parentPath, entry.name)))
  })
  assert.ok(paths.includes('etc/fstab'))
  assert.equal(
    paths.filter((path, index) => paths.indexOf(path) !== index),
    [],
  )
})

test.run()
