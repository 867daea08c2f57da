/** tools/need-node with a node, an npm and an apt of our own in PATH. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'

const test = suite('need-node')

interface Machine {
  /** What `node --version` says; without it there is neither node nor npm. */
  node?: string
  /** What apt has; without it apt knows no such package until its lists are updated. */
  candidate?: string
  /** What apt has once its lists are updated. */
  updated?: string
  user?: number
}

/** Runs it there; apt's installation brings the node that apt has. */
async function needNode(context: TestContext, { node, candidate = '', updated, user = 0 }: Machine) {
  const bin = await scratchDirectory(context)
  const program = (name: string, text: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  writeFileSync(join(bin, 'candidate'), candidate)
  writeFileSync(join(bin, 'calls'), '')
  program('id', `echo ${user}`)
  if (node !== undefined) for (const name of ['node', 'npm']) program(name, `echo ${node}`)
  program('apt-cache', `printf 'nodejs:\\n  Candidate: %s\\n' "$(cat ${bin}/candidate)"`)
  program(
    'apt-get',
    `echo "$*" >>${bin}/calls
case $* in
  update*) printf '${updated ?? candidate}' >${bin}/candidate ;;
  *) printf '#!/bin/sh\\necho v%s\\n' "$(cat ${bin}/candidate)" | tee ${bin}/node >${bin}/npm; chmod 755 ${bin}/node ${bin}/npm ;;
esac`,
  )
  for (const name of ['awk', 'sed', 'cat', 'tee', 'chmod'])
    program(name, `PATH=/usr/bin:/bin; export PATH; exec ${name} "$@"`)
  const script = join(import.meta.dirname, 'need-node')
  const { code, stderr } = await runProgram('/bin/sh', [script], { env: { PATH: bin } })
  return { code, said: stderr.trim(), apt: readFileSync(join(bin, 'calls'), 'utf8') }
}

test('asks nobody where Node.js is new enough', async context => {
  for (const node of ['v20.19.0', 'v20.20.2', 'v22.1.0', 'v100.0.0'])
    assert.equal(await needNode(context, { node }), { code: 0, said: '', apt: '' }, node)
})

test('installs it as root, also where there are no package lists yet', async context => {
  const install = 'install -y -qq --no-install-recommends nodejs npm ca-certificates\n'
  const here = await needNode(context, { candidate: '20.19.2+dfsg-1' })
  assert.equal(here, { code: 0, said: 'installing nodejs npm ca-certificates', apt: install })
  const fresh = await needNode(context, { updated: '20.19.2+dfsg-1' })
  assert.equal(fresh, { code: 0, said: 'installing nodejs npm ca-certificates', apt: `update -qq\n${install}` })
})

test('says in one sentence what to do, and installs nothing', async context => {
  const newer =
    'As root: apt-get install --no-install-recommends npm ca-certificates && npm install --global npm@10 node@22'
  const cases: [machine: Machine, said: string][] = [
    [
      { candidate: '20.19.2+dfsg-1', user: 1000 },
      'Run: sudo apt-get install --no-install-recommends nodejs npm ca-certificates',
    ],
    [{ user: 1000 }, 'Run: sudo apt-get install --no-install-recommends nodejs npm ca-certificates'],
    [{ candidate: '18.20.4+dfsg-1~deb12u1' }, `this system's own is 18.20.4+dfsg-1~deb12u1. ${newer}`],
    [{ candidate: '18.20.4+dfsg-1~deb12u1', node: 'v18.20.4', user: 1000 }, newer],
    [{ candidate: '20.9.0-1' }, newer],
    [{ candidate: '20.19.2+dfsg-1', node: 'v20.18.3' }, 'is v20.18.3: update it, or take it out of PATH'],
    [{ updated: '' }, 'apt-get has no nodejs here'],
  ]
  for (const [machine, expected] of cases) {
    const { code, said, apt } = await needNode(context, machine)
    assert.is(code, 69, JSON.stringify(machine))
    assert.ok(said.startsWith('Node.js 20.19 or newer is needed, with npm'), said)
    assert.ok(said.includes(expected), `${JSON.stringify(machine)}: ${said}`)
    assert.is(said.split('\n').length, 1)
    assert.not.match(apt, 'install')
  }
})

test.run()
