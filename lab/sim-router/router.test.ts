import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { nextDueMs, type RouterEvent, step } from './router.ts'
import { powerOn } from './state.ts'

const test = suite('router')

/** A router with a clock of its own that stands still between events. */
function routerAt(bootedMs: number) {
  let nowMs = 0
  let state = powerOn(0)
  const happen = (event: RouterEvent) => {
    const next = step(state, event, nowMs)
    state = next.state
    return next.output
  }
  const pass = (ms: number) => {
    nowMs += ms
    return happen({ kind: 'time' })
  }
  const type = (text: string) => happen({ kind: 'bytes', bytes: Buffer.from(text, 'latin1') })
  const sendBreak = (ms: number) => {
    const before = happen({ kind: 'break', on: true })
    nowMs += ms
    return before + happen({ kind: 'break', on: false })
  }
  const boot = pass(bootedMs)
  return { boot, pass, type, sendBreak, dueMs: () => nextDueMs(state) }
}

/** Logged in and privileged. */
function privileged(bootedMs = 10_000) {
  const router = routerAt(bootedMs)
  router.type('\ren\r')
  return router
}

test('says while it starts what such equipment says, and waits for Return', () => {
  const router = routerAt(0)
  assert.match(router.boot, 'System Bootstrap')
  assert.is(router.type('early\r'), '', 'nobody reads the line while it starts')
  const rest = router.pass(5_000)
  assert.match(
    rest,
    /Self-test.*\r\n.*main memory[\s\S]*Loading .*#+.*\[OK\][\s\S]*Press RETURN to get started\.\r\n\r\n$/,
  )
  assert.is(router.dueMs(), undefined, 'then it waits for somebody')
  assert.is(router.type('x'), '')
  assert.is(router.type('\r'), '\r\nRouter>')
})

test('prints the same whether time passes at once or in small steps', () => {
  const steps = routerAt(0)
  let output = steps.boot
  for (let due = steps.dueMs(), now = 0; due !== undefined; due = steps.dueMs()) {
    output += steps.pass(due - now)
    now = due
  }
  assert.is(output, routerAt(5_000).boot)
})

test('a break within 60 s of the start leads to ROMMON, which counts its prompts and starts it again', () => {
  for (const atMs of [1_000, 10_000, 59_000]) {
    const router = routerAt(atMs)
    assert.match(router.sendBreak(1003), /%CONSOLE: break of 1003 ms\r\n.*\r\nrommon 1 > $/)
    assert.is(router.pass(120_000), '', 'and stays there')
    assert.match(router.type('confreg\r'), /^confreg\r\n.*0x2102.*\r\nrommon 2 > $/)
    assert.match(router.type('help\r'), /boot .*reset .*rommon 3 > $/s)
    assert.match(router.type('dance\r'), /dance: no such command.*rommon 4 > $/s)
    assert.match(router.sendBreak(300), /break of 300 ms\r\nrommon 4 > $/)
    assert.is(router.type('reset\r'), 'reset\r\n')
    assert.match(router.pass(5_000), /Self-test[\s\S]*Press RETURN/)
    assert.match(router.sendBreak(500), 'rommon 1 >', 'the window counts from the reset')
    assert.is(router.type('boot\r'), 'boot\r\n')
    const warm = router.pass(5_000)
    assert.match(warm, /Loading[\s\S]*Press RETURN/)
    assert.not.match(warm, 'Self-test')
  }
})

test('a break after the window is noted with its length and does nothing', () => {
  const router = privileged(61_000)
  router.type('sh ver')
  assert.is(router.sendBreak(305), '\r\n%CONSOLE: break of 305 ms\r\nRouter#sh ver')
  assert.match(router.type('\r'), 'uptime is 1 minutes, 1 seconds')
  assert.match(router.type('show break\r'), /61\.3 s after start +305 ms +ignored\r\n/)
})

test('commands may be shortened as long as they are unmistakable', () => {
  const cases: [typed: string, said: RegExp | string][] = [
    ['sh ver', /Version 1\.0[\s\S]*0x2102\r\n/],
    ['sho run', /!\r\nhostname Router\r\n!\r\ninterface GigabitEthernet0\/0[\s\S]*end\r\n/],
    ['SHOW VERSION', 'Version 1.0'],
    ['sh cl', /\*00:00:1\d UTC Mon Mar 1 1993/],
    ['conf t', 'Router(config)#'],
    ['wr', '% Incomplete command'],
    ['e', '% Ambiguous command: "e"'],
    ['shw ver', "Router#shw ver\r\n         ^\r\n% Invalid input detected at '^' marker.\r\n"],
    ['show  verb', "Router#show  verb\r\n                ^\r\n% Invalid input detected at '^' marker.\r\n"],
    ['en now', '          ^\r\n% Invalid'],
    ['', 'Router#\r\nRouter#'],
  ]
  for (const [typed, said] of cases) {
    const output = `Router#${privileged().type(`${typed}\r`)}`
    assert.match(output, said, typed)
  }
})

test('configures its name and interfaces, and loses what was not saved at a reload', () => {
  const router = privileged()
  assert.match(router.type('conf t\rhostname core-1\r'), /core-1\(config\)#$/)
  assert.match(router.type('interface gi0/2\r'), /core-1\(config-if\)#$/)
  assert.match(router.type('no shut\r'), 'GigabitEthernet0/2, changed state to up')
  assert.match(router.type('descr to the lab\r\x1a'), /\^Z\r\n%SYS-5-CONFIG_I.*\r\ncore-1#$/)
  assert.match(router.type('sh run\r'), /interface GigabitEthernet0\/2\r\n description to the lab\r\n no shutdown/)
  assert.match(router.type('wr mem\r'), '[OK]')
  router.type('conf t\rhostname other\rexit\r')
  assert.match(router.type('reload\r'), /Proceed with reload\? \[confirm\]$/)
  assert.match(router.type('n'), /\r\nother#$/)
  router.type('reload\r\r')
  router.pass(5_000)
  assert.is(router.type('\r'), '\r\ncore-1>')
})

test('explains what it does not understand', () => {
  const router = privileged()
  assert.match(router.type('conf t\rhostname 1\r'), '% A host name has letters')
  assert.match(router.type('int gi9/9\r'), '% No such interface: gi9/9')
  assert.match(router.type('hostname\r'), '% Incomplete command')
})

test('shows what may come next at ?, and keeps the line', () => {
  const router = privileged()
  assert.match(router.type('sh ?'), /^sh \?\r\n +running-config [\s\S]*version [\s\S]*\r\nRouter#sh $/)
  assert.match(router.type('v?'), /^v\?\r\n {2}version [^\n]*\r\nRouter#sh v$/)
  assert.match(router.type('\t'), 'ersion ')
  assert.match(router.type('\r'), 'Version 1.0')
})

test('edits the line: backspace, Ctrl-U, Ctrl-W, Ctrl-C, arrow keys', () => {
  const router = privileged()
  assert.is(router.type('\x7fshx\b'), 'shx\b \b')
  assert.is(router.type('\x1b[A\x1bOB'), '')
  assert.match(router.type(' ver\r'), 'Version 1.0')
  assert.is(router.type('ab cd\x17'), 'ab cd\b \b\b \b')
  assert.is(router.type('\x15'), '\b \b'.repeat(3))
  assert.is(router.type('reload\x03'), 'reload^C\r\nRouter#')
  assert.is(router.type('a'.repeat(250)).replaceAll('a', ''), '\x07'.repeat(50), 'a line has an end')
})

test('gives the same output wherever the input is cut', () => {
  const input = '\r\nena\r\nsh verx\b\r\nconf t\nhostname a\x1b[Ab\r\nint gi0/1\rno shut\r\x1ash ?\x15reload\r\nx'
  const whole = routerAt(10_000).type(input)
  assert.match(whole, /Router>ena\r\nRouter#.*ab\(config-if\)#.*Proceed with reload\? \[confirm\]\r\nab#$/s)
  for (let at = 0; at <= input.length; at++) {
    const router = routerAt(10_000)
    assert.is(router.type(input.slice(0, at)) + router.type(input.slice(at)), whole, `cut at ${at}`)
  }
  const router = routerAt(10_000)
  assert.is([...input].map(router.type).join(''), whole, 'one byte at a time')
})

test('leaves the session at exit', () => {
  const router = privileged()
  assert.match(router.type('exit\r'), /Press RETURN to get started\.\r\n\r\n$/)
  assert.is(router.type('\r'), '\r\nRouter>')
})

test.run()
