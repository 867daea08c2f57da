/** The runner against pi-gen's order, on a stage and a tree that are toys: a bash, and an apt-get that writes down what it is asked. */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'

const test = suite('run-stage')
const RUNNER = join(import.meta.dirname, 'run-stage')
const NAMESPACE = ['--map-root-user', '--map-auto', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
const isRoot = process.getuid?.() === 0
const namespace = isRoot ? NAMESPACE.slice(2) : NAMESPACE

/** What a script of the stage writes down, outside and inside the tree. */
const note = (text: string) => `#!/bin/bash -e\necho "${text}" >>"$ROOTFS_DIR/order"\n`
const noteInside = (text: string) => `echo "${text}" >>/order\n`

function put(path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, mode)
}

/** A root with bash and its libraries, and programs that note their arguments. */
function makeRoot(root: string): void {
  const libraries = spawnSync('ldd', ['/bin/bash'], { encoding: 'utf8' }).stdout.match(/\/\S+/g) ?? []
  for (const file of ['/bin/bash', ...libraries]) {
    mkdirSync(join(root, dirname(file)), { recursive: true })
    copyFileSync(file, join(root, file))
  }
  chmodSync(join(root, 'bin/bash'), 0o755)
  for (const folder of ['proc', 'sys', 'dev', 'run', 'tmp']) mkdirSync(join(root, folder))
  put(join(root, 'usr/bin/apt-get'), '#!/bin/bash\necho "apt-get $*" >>/order\n', 0o755)
  put(join(root, 'usr/bin/debconf-set-selections'), '#!/bin/bash\nread -r line; echo "debconf $line" >>/order\n', 0o755)
}

async function run(context: TestContext, stage: Record<string, [content: string, mode?: number]>) {
  const work = await scratchDirectory(context)
  makeRoot(join(work, 'previous'))
  for (const [path, [content, mode]] of Object.entries(stage)) put(join(work, 'stage-toy', path), content, mode)
  const result = await runProgram('unshare', [...namespace, RUNNER, join(work, 'stage-toy')], {
    env: {
      WORK_DIR: join(work, 'work'),
      PREV_ROOTFS_DIR: join(work, 'previous'),
      ARCH: 'amd64',
      RELEASE: 'trixie',
      IMG_NAME: 'toy',
      IMG_DATE: '2026-01-01',
    },
  })
  const root = join(work, 'work/stage-toy/rootfs')
  const order = () => readFileSync(join(root, 'order'), 'utf8').trim().split('\n')
  return { ...result, order, root }
}

const PRERUN: [string, number] = ['#!/bin/bash -e\n[ -d "$ROOTFS_DIR" ] || copy_previous\n', 0o755]

if (!isRoot && spawnSync('unshare', ['--map-root-user', '--map-auto', '--mount', 'true']).status !== 0) {
  test.skip('runs a stage', 'needs root or a user namespace')
} else {
  test('runs the steps of each number in pi-gen’s order, and the sub-stages in theirs', async context => {
    const { code, stderr, stdout, order } = await run(context, {
      'prerun.sh': PRERUN,
      'README.md': ['no sub-stage\n'],
      '10-last/00-run.sh': [note('10-last'), 0o755],
      '00-first/00-run-chroot.sh': [noteInside('00-run-chroot')],
      '00-first/00-run.sh': [note('00-run'), 0o755],
      '00-first/00-packages': ['# of them\nless   tar # both\n\nvim\n'],
      '00-first/00-packages-nr': ['wpasupplicant iw\n'],
      '00-first/00-debconf': ['console-setup console-setup/x select y\n'],
      '00-first/01-run.sh': [note('01-run, not executable')],
      '00-first/02-packages': ['# nothing but a comment\n'],
      '00-first/99-run.sh': [note('99-run'), 0o755],
      '00-first/100-run.sh': [note('not a number'), 0o755],
      '01-skipped/SKIP': [''],
      '01-skipped/00-run.sh': [note('skipped'), 0o755],
    })
    assert.is(code, 0, stderr)
    assert.equal(
      order(),
      [
        'debconf console-setup console-setup/x select y',
        'apt-get -o Acquire::Retries=3 install --no-install-recommends -y wpasupplicant iw ',
        'apt-get -o Acquire::Retries=3 install -y less tar vim ',
        '00-run',
        '00-run-chroot',
        '99-run',
        '10-last',
      ].map(line => line.trimEnd()),
    )
    assert.match(stdout, /01-run\.sh is not executable: left out/)
  })

  test('starts each script where its files are, with what pi-gen tells it', async context => {
    const { code, stderr, order } = await run(context, {
      'prerun.sh': PRERUN,
      '00-first/files/text': ['of the sub-stage\n'],
      '00-first/00-run.sh': [
        [
          '#!/bin/bash -e',
          'read -r line <files/text; echo "$line" >>"$ROOTFS_DIR/order"',
          'for name in STAGE ARCH RELEASE IMG_NAME IMG_DATE; do declare -p "$name" >>"$ROOTFS_DIR/order"; done',
          'for name in STAGE_DIR STAGE_WORK_DIR WORK_DIR DEPLOY_DIR BASE_DIR SCRIPT_DIR TARGET_HOSTNAME FIRST_USER_NAME LOG_FILE; do',
          '  printenv "$name" | grep -q .',
          'done',
          'on_chroot <<EOF',
          'echo "inside, ARCH=$ARCH, pid 1 is seen: $([ -e /proc/1 ] && echo yes)" >>/order',
          'echo >/dev/null',
          'EOF',
          'log said',
        ].join('\n'),
        0o755,
      ],
    })
    assert.is(code, 0, stderr)
    assert.equal(order(), [
      'of the sub-stage',
      'declare -x STAGE="stage-toy"',
      'declare -x ARCH="amd64"',
      'declare -x RELEASE="trixie"',
      'declare -x IMG_NAME="toy"',
      'declare -x IMG_DATE="2026-01-01"',
      'inside, ARCH=amd64, pid 1 is seen: yes',
    ])
  })

  test('ends with the first script that fails, outside or inside', async context => {
    for (const failing of [
      { '00-first/00-run.sh': ['#!/bin/bash -e\nfalse\n', 0o755] as [string, number] },
      { '00-first/00-run-chroot.sh': ['false\n'] as [string] },
    ]) {
      const { code, order } = await run(context, {
        'prerun.sh': PRERUN,
        '00-first/00-packages': ['less\n'],
        ...failing,
        '00-first/01-run.sh': [note('after it'), 0o755],
      })
      assert.is.not(code, 0)
      assert.is(order().length, 1)
    }
  })

  test('does nothing in a stage that says SKIP', async context => {
    const { code, stdout } = await run(context, {
      SKIP: [''],
      'prerun.sh': PRERUN,
      '00-first/00-run.sh': [note('ran'), 0o755],
    })
    assert.is(code, 0)
    assert.is(stdout, '')
  })
}

test.run()
