/** The order of what reaches the disk, by the system calls: strace(1). A rename is of a synced file, and is synced itself before the next. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { makeDevice } from './testing/device.ts'

const test = suite('oobm-apply: order of writes')

test('one rename is the change: everything before it is synced, everything else follows it', async context => {
  const device = await makeDevice(context)
  await device.put('a.settings', await device.sign({ ...device.head(7), access: { technicians: [] } }))
  const trace = join(device.directory, 'trace')
  const calls = 'trace=openat,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat'
  const args = ['-f', '-y', '-qq', '-s', '300', '-e', calls, '-o', trace, process.execPath, 'build/lib/oobm-apply.cjs']
  const { code, stderr } = await runProgram('strace', args, {
    env: { ...process.env, ...device.env },
    timeoutMs: 60_000,
  })
  assert.is(code, 0, stderr)
  const root = join(device.root, 'etc/oobm')
  const events = readEvents(await readFile(trace, 'utf8'), root)
  const renames = events.filter(({ call }) => call === 'rename').map(({ path }) => path)
  assert.is(renames[0], '/secrets/next.toml', 'the journal is the first that changes')
  assert.is(renames.at(-1), '/device.toml')
  const [removal] = events.filter(({ call, path }) => call === 'unlink' && path === '/secrets/next.toml')
  assert.ok(removal, 'the journal is removed')
  assert.ok(events.indexOf(removal) > events.findLastIndex(({ call }) => call === 'rename'), 'after everything else')
  for (const [at, { call, path }] of events.entries()) {
    if (call !== 'rename') continue
    const folder = path.slice(0, path.lastIndexOf('/'))
    const before = events[at - 1]
    assert.is(before?.call, 'sync', `${path}: its content is synced before`)
    assert.match(before?.path ?? '', new RegExp(`^${path.replaceAll('.', '\\.')}\\.[0-9a-f]+\\.new$`))
    assert.equal(events[at + 1], { call: 'sync', path: folder }, `${path}: its folder is synced after`)
  }
  const after = events.slice(events.indexOf(removal) + 1)
  assert.equal(after, [{ call: 'sync', path: '/secrets' }])
})

interface Event {
  call: 'sync' | 'rename' | 'unlink'
  /** Below /etc/oobm of the device. */
  path: string
}

/** What strace printed, in the order in which the calls ended. A call that another thread interrupts has two lines. */
function readEvents(trace: string, root: string): Event[] {
  const open = new Map<string, string>()
  const folders = new Map<string, string>()
  return trace.split('\n').flatMap((line): Event[] => {
    const [, pid = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (text.endsWith('<unfinished ...>')) {
      open.set(pid, text.replace(/<unfinished \.\.\.>$/, ''))
      return []
    }
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? []
    const whole = rest === undefined ? text : `${open.get(pid)}${rest}`
    const [, opened, folder = ''] = /^openat\(.* = (\d+)<([^>]+)>$/.exec(whole) ?? []
    if (opened !== undefined) folders.set(opened, folder)
    // proc_pid_fd(5): the program works in folders that it holds open.
    const resolved = whole.replace(/"\/proc\/self\/fd\/(\d+)/g, (_, fd) => `"${folders.get(fd)}`)
    if (!/= 0$/.test(resolved) || !resolved.includes(root)) return []
    const [, name = ''] = /^(\w+)\(/.exec(resolved) ?? []
    const below = (path: string) => path.slice(root.length)
    if (/sync$/.test(name)) return [{ call: 'sync', path: below(/<(.*?)>\)/.exec(resolved)?.[1] ?? '') }]
    const [from = '', to = ''] = [...resolved.matchAll(/"([^"]*)"/g)].map(([, path = '']) => below(path))
    if (name.startsWith('rename')) return [{ call: 'rename', path: to }]
    return name.startsWith('unlink') ? [{ call: 'unlink', path: from }] : []
  })
}

test.run()
