/** `oobm-power` and outlets that a program switches (with a real SNMP agent), and a pin of the board. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../testbed/free-port.ts'
import { programArgs } from '../testbed/programs.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { ask, powerFiles, startPower } from './testing/start-power.ts'

const test = suite('outlets of other kinds')
const LIMIT = { timeoutMs: 120_000 }
const isRoot = process.getuid?.() === 0

/** The program of docs/power.md, for a PDU whose outlet is an integer: 1 on, 2 off. */
const SNMP_PROGRAM = `#!/bin/sh
set -eu
export HOME=/nonexistent MIBS=
where="-v2c -c $(cat "$CREDENTIALS_DIRECTORY/power_pdu1-3") -t 1 -r 2 -Oqv udp:127.0.0.1:PORT"
oid=.1.3.6.1.4.1.8072.9999.9999.1.3.0
case $1 in
on) snmpset $where "$oid" i 1 >/dev/null ;;
off) snmpset $where "$oid" i 2 >/dev/null ;;
status)
  state=$(snmpget $where "$oid")
  case $state in 1) echo on ;; 2) echo off ;; *) echo "$state" ;; esac
  ;;
esac
`

/** A PDU behind a real agent: pass_persist of snmpd.conf(5). Its outlet is a file. */
const PDU = `#!/bin/sh
oid=.1.3.6.1.4.1.8072.9999.9999.1.3.0
while read -r word; do
  case $word in
  PING) echo PONG ;;
  get) read -r asked; if [ "$asked" = "$oid" ]; then echo "$oid"; echo integer; cat "$1"; else echo NONE; fi ;;
  getnext) read -r asked; echo NONE ;;
  set) read -r asked; read -r type value; if [ "$asked" = "$oid" ]; then echo "$value" >"$1"; echo DONE; else echo not-writable; fi ;;
  esac
done
`

if (!isRoot || !existsSync('/usr/sbin/snmpd') || !existsSync('/usr/bin/snmpset')) {
  test.skip('a PDU by SNMP', 'needs root, and the packages snmpd and snmp')
} else {
  test(
    'a PDU by SNMP: switched, read back, a wrong community, an agent that is away',
    async context => {
      const outlet = join(await scratchDirectory(context), 'outlet')
      await writeFile(outlet, '1\n')
      const agent = await startAgent(context, outlet)
      const files = await powerFiles(context, [{ name: 'pdu1-3', kind: 'exec', offTimeS: 5 }], { 'pdu1-3': 'private' })
      await install(files.directory, 'pdu1-3', SNMP_PROGRAM.replace('PORT', String(agent.port)))
      await startPower(context, files)
      const cycled = await ask(files, 'cycle', ['pdu1-3'])
      assert.equal(
        [cycled.result, cycled.cause, cycled.steps],
        ['done', '', ['pdu1-3 is off', 'on again in 5 s', 'pdu1-3 is on']],
      )
      assert.is(await readFile(outlet, 'utf8'), '1\n')
      assert.match(agent.log(), /2\n1\n$/)

      await agent.program.stop()
      const off = await ask(files, 'status', ['pdu1-3'])
      assert.match(off.outlets[0]?.cause ?? '', /ended with exit code 1: .*Timeout: No Response from udp:127\.0\.0\.1/)
      assert.is(off.outlets[0]?.last?.state, 'on')
    },
    LIMIT,
  )
}

if (!isRoot) test.skip('a program of root’s', 'needs root: the program must belong to root')
else
  test(
    'a program is run only where it is root’s alone, is bounded, and its answer must be on or off',
    async context => {
      const files = await powerFiles(context, [{ name: 'hub1', kind: 'exec', offTimeS: 5 }])
      const path = join(files.directory, 'programs/hub1')
      await startPower(context, files)
      const why = async () => (await ask(files, 'status', ['hub1'])).outlets[0]?.cause ?? ''
      assert.match(await why(), /^hub1 has no program: root puts it into .*\/programs\/hub1/)
      await install(files.directory, 'hub1', '#!/bin/sh\necho maybe\n')
      assert.match(await why(), /prints "maybe" for status, in place of "on" or "off"/)
      await chmod(path, 0o775)
      assert.match(await why(), /others than root may write .*; use: chmod go-w/)
      await chmod(path, 0o644)
      assert.match(await why(), /cannot be executed; use: chmod 755/)
      await chmod(path, 0o755)
      await chown(path, 65_534, 0)
      assert.match(await why(), /belongs to the user 65534; it must be root's/)
      await chown(path, 0, 0)
      await writeFile(path, '#!/bin/sh\necho "no hub\u001b[2J" >&2\nexit 3\n')
      assert.match(await why(), /hub1 status ended with exit code 3: no hub\?\[2J/)
      await writeFile(path, `#!/bin/sh\nsleep 600 &\necho $! >${files.directory}/left\nwait\n`)
      assert.match(await why(), /did not end within 20 s/)
      const left = Number(await readFile(join(files.directory, 'left'), 'utf8'))
      await waitFor('what it left behind to be gone', () => !existsSync(`/proc/${left}`))
    },
    LIMIT,
  )

/**
 * What the kernel does with /sys/class/gpio: a number written to `export` makes a folder; `high` and `low`, written to
 * `direction`, drive the pin. Everything is noted: this is the pin from outside.
 */
const KERNEL = `
gpio=$1
(while read -r n <"$gpio/export" || [ -n "$n" ]; do
  mkdir "$gpio/.new"; echo in >"$gpio/.new/direction"; echo 0 >"$gpio/.new/value"; mv "$gpio/.new" "$gpio/gpio$n"; echo "export $n" >>"$gpio/log"
done) & exporter=$!
trap 'kill $exporter; exit' TERM
echo listening
while sleep 0.02; do for line in "$gpio"/gpio[0-9]*; do
  case $(cat "$line/direction" 2>/dev/null) in
  high) echo 1 >"$line/value"; echo out >"$line/direction"; echo "\${line##*/} high" >>"$gpio/log" ;;
  low) echo 0 >"$line/value"; echo out >"$line/direction"; echo "\${line##*/} low" >>"$gpio/log" ;;
  esac
done; done
`

if (!isRoot) test.skip('a pin of the board', 'needs root: a mount namespace with a /sys/class/gpio of its own')
else
  test(
    'a relay at a pin: active low, kept when the program is killed, driven anew after a boot',
    async context => {
      const gpio = await scratchDirectory(context)
      await mkdir(join(gpio, 'gpiochip512'))
      for (const [file, text] of Object.entries({ label: 'pinctrl-bcm2835', base: '512', ngpio: '54' }))
        await writeFile(join(gpio, 'gpiochip512', file), `${text}\n`)
      assert.is(spawnSync('mkfifo', [join(gpio, 'export')]).status, 0)
      const kernel = startProgram('sh', ['-c', KERNEL, 'kernel', gpio])
      context.cleanup(() => kernel.stop())
      await kernel.says(/listening/)
      const outlets = [{ name: 'relay1', kind: 'gpio', pin: 27, activeLow: true, offTimeS: 5 }] as const
      const files = await powerFiles(context, [...outlets])
      const start = async () => {
        const mounts =
          'mount -t tmpfs none /sys/class && mkdir /sys/class/gpio && mount --bind "$1" /sys/class/gpio && shift && exec "$@"'
        const program = startProgram(
          'unshare',
          ['-m', 'sh', '-ec', mounts, 'sh', gpio, process.execPath, ...programArgs('power/main.ts')],
          { env: { ...process.env, ...files.env } },
        )
        context.cleanup(() => program.stop(10_000))
        context.onFailure(program.output)
        await program.says(/"msg":"listening"/, 60_000)
        return program
      }
      const pin = async () => (await readFile(join(gpio, 'log'), 'utf8').catch(() => '')).trim().split('\n')
      const first = await start()
      assert.match(
        (await ask(files, 'status', ['relay1'])).outlets[0]?.cause ?? '',
        /GPIO27 has not been switched since the board started/,
      )
      const cycled = await ask(files, 'cycle', ['relay1'])
      assert.equal([cycled.result, cycled.cause], ['done', ''])
      assert.equal(await pin(), ['export 539', 'gpio539 high', 'gpio539 low'])
      first.child.kill('SIGKILL')
      await waitFor('the end', () => first.ended())
      // It was active, low, and still is; nothing unexported it.
      assert.equal(
        [
          (await readFile(join(gpio, 'gpio539/direction'), 'utf8')).trim(),
          (await readFile(join(gpio, 'gpio539/value'), 'utf8')).trim(),
        ],
        ['out', '0'],
      )
      const second = await start()
      assert.is((await ask(files, 'status', ['relay1'])).outlets[0]?.state, 'on')
      assert.is((await pin()).length, 3)
      await second.stop()

      // Another boot: the pin is an input again, and the journal knows another boot.
      const journal = join(files.directory, 'state/journal.json')
      await writeFile(journal, (await readFile(journal, 'utf8')).replace(/"bootId":"[^"]*"/, '"bootId":"before"'))
      await writeFile(join(gpio, 'gpio539/direction'), 'in\n')
      await start()
      await waitFor('the pin', async () => (await pin()).length === 4)
      assert.is((await pin()).at(-1), 'gpio539 low')
    },
    LIMIT,
  )

async function install(directory: string, name: string, text: string): Promise<void> {
  const path = join(directory, 'programs', name)
  await writeFile(path, text)
  await chmod(path, 0o755)
}

async function startAgent(context: TestContext, outlet: string) {
  const directory = await scratchDirectory(context)
  const port = await freePort()
  const pdu = join(directory, 'pdu')
  await writeFile(pdu, PDU.replaceAll('>"$1"', '>"$1"; echo "$value" >>"$1.log"'))
  await chmod(pdu, 0o755)
  const config = join(directory, 'snmpd.conf')
  await writeFile(
    config,
    `rwcommunity private 127.0.0.1
pass_persist .1.3.6.1.4.1.8072.9999.9999 ${pdu} ${outlet}
`,
  )
  const program = startProgram(
    '/usr/sbin/snmpd',
    ['-f', '-Lo', '-C', '-c', config, '-p', join(directory, 'pid'), `udp:127.0.0.1:${port}`],
    {
      env: { ...process.env, SNMP_PERSISTENT_DIR: directory, MIBS: '' },
    },
  )
  context.cleanup(() => program.stop())
  context.onFailure(() => `snmpd:\n${program.output()}`)
  await waitFor('snmpd', async () => (await runProgram('ss', ['-Hlun', `sport = :${port}`])).stdout !== '')
  const log = () => spawnSync('cat', [`${outlet}.log`], { encoding: 'utf8' }).stdout
  return { program, port, log }
}

test.run()
