import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { statusWhere } from '../console-bridge/testing/bridge-fixture.ts'
import { startProgram } from '../testbed/run-program.ts'
import { isAlive } from '../testbed/sshd.ts'
import { suite } from '../testbed/suite.ts'
import { screenOf } from '../testbed/tmux-screen.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { loginScene, plinkOf, sshArgs } from './testing/login-scene.ts'

const test = suite('login at the relay: the menu')
const LIMIT = { timeoutMs: 180_000 }
const FIRST_UID = 58_001

if (process.getuid?.() === 0) {
  test(
    'with PuTTY and a password: the menu, arrow keys, a number, and back from a console',
    async context => {
      const scene = await loginScene(context, FIRST_UID)
      const { target, files, directory, reported, processesOf } = scene
      const screen = await screenOf(context, directory, plinkOf(scene, 'alice'))
      await screen.shows(/^> +1 +core-sw1 +rack1/m)
      assert.match(
        await screen.text(),
        /^Consoles of alice, by way of this relay\n +CONSOLE +DEVICE +STATE +OUTPUT +WHO\n> +1 +core-sw1 +rack1 +open +3h +bob types\n +2 +core-sw2 +rack1 +CLOSED +- +Tōkyō, rack 14\n +3 +edge-rt1 +rack1 +- +-\ncore-sw1: the line is open; rack1 reported 2h ago$/m,
      )
      assert.match(
        await screen.text(),
        /Number or arrow keys, then Enter; q leaves\.\nIn a console: .*Ctrl-\] b sends BREAK/,
      )
      await screen.keys('Down')
      await screen.shows(/^> +2 +core-sw2 +rack1 +CLOSED +- +Tōkyō, rack 14$/m)
      assert.match(
        await screen.text(),
        /^core-sw2: the line is closed: the adapter is not plugged in; rack1 reported 2h\nago$/m,
      )
      assert.match(await screen.text(), /In a console: \^Ec\? helps, \^Ecl0 sends BREAK/)
      await screen.keys('Down', 'Down', 'Down')
      await screen.shows(/^> +3 +edge-rt1/m)
      await screen.keys('Up', 'Up', 'Up', 'Up')
      await screen.shows(/^> +1 +core-sw1/m)
      // It shows what is reported next by itself; what a device says is text, and nothing else.
      const evil = '","open":true}]\x1b[2J\x1b]0;owned\x07\\\u202e東'
      const named = (name: string) => ({
        name,
        open: false,
        cause: evil,
        who: [{ technician: evil, types: false, forS: 1 }],
        outputS: 1,
      })
      await reported([named(evil), { ...named('edge-rt1'), outputS: evil }, { ...named('core-sw1'), outputS: 4 }], 0)
      await screen.shows(/^> +1 +core-sw1 +rack1 +CLOSED +\d+s +\?+open\?+true\?+2J\?+0\?owned\?+ watch/m)
      await screen.shows(/^ +2 +core-sw2 +rack1 +- +- +Tōkyō/m)
      await screen.shows(/^ +3 +edge-rt1 +rack1 +CLOSED +- +\?+open\?/m)
      await screen.shows(/^core-sw1: the line is closed: ","open":true\}\]\?\[2J[^\n]*rack1 reported\n\d+s ago$/m)
      assert.not.match(await screen.coloured(), /\x1b\[2J|\x1b\]0|\u202e/)
      await reported([{ name: 'core-sw1', open: true, cause: '', who: [], outputS: null }], 0)
      await screen.shows(/^> +1 +core-sw1 +rack1 +open +-$/m)
      await mkdir(join(directory, 'maintenance'))
      await writeFile(join(directory, 'maintenance/rack1.json'), '{"state":"off","until":null,"at":1,"by":"carol"}\n')
      await screen.shows(/^> +1 +core-sw1 +rack1 +off +-$/m)
      assert.match(await screen.text(), /^core-sw1: access is off; rack1 reported \d+s ago$/m)
      await rm(join(directory, 'maintenance'), { recursive: true })
      await screen.shows(/^> +1 +core-sw1 +rack1 +open +-$/m)

      await screen.keys('2')
      await screen.shows(/^> +2 +core-sw2/m)
      await screen.keys('1', 'Enter')
      await screen.shows(/\[oobm: you are alice \(via relay\), operator: you type\]/)
      await screen.shows(/to send BREAK, press Ctrl-\] b/)
      await screen.literally('show clock\r')
      await target.hears(/show clock\r/)
      // What the terminal would make a signal of, or an ssh a command of its own, is the router's.
      await screen.keys('C-c', 'C-z', 'C-\\', 'Enter')
      await screen.literally('~.~C~?')
      await target.hears(/\x03\x1a\x1c\r~\.~C~\?/)
      const { consoles } = await statusWhere(files, 'alice', ({ consoles }) => consoles[0]?.sessions.length === 1)
      assert.equal(
        consoles[0]?.sessions.map(({ technician, via }) => [technician, via]),
        [['alice', 'relay']],
      )
      await screen.literally('\x1dd')
      await screen.shows(/^Back from core-sw1\./m)
      await screen.keys('3', 'Enter')
      // The bridge does not let her: the list on the relay alone opens nothing.
      await screen.shows(
        /cannot connect to edge-rt1.*does not accept this relay.s key for alice\s.*press any key for the menu/s,
      )
      await screen.keys('Space')
      await screen.shows(/^No connection to edge-rt1\./m)
      await screen.keys('q')
      await screen.shows(/\[exit 0\]/)
      await waitFor('nothing of hers to be left', async () => (await processesOf('alice')).length === 0)
    },
    LIMIT,
  )

  test(
    'the menu takes no garbage, no signal and no size; hang-up leaves no process',
    async context => {
      const scene = await loginScene(context, FIRST_UID)
      const { directory, processesOf, relay } = scene
      const screen = await screenOf(context, directory, ['ssh', '-tt', ...sshArgs(scene, 'alice', ['-e', 'none'])])
      await screen.shows(/^> +1 +core-sw1/m)
      await screen.keys('C-z', 'C-\\', 'C-s', 'C-q', 'Tab', 'F1', 'F5', 'M-x', 'Home')
      await screen.literally(`~.~C~?$(id);id|sh&\`id\`"'*`)
      await screen.literally('\x1b[999;999;999;999H\x1b]0;title\x07\x1bP$q\x1b\\')
      await screen.literally(`${'A'.repeat(3_000)}${'9'.repeat(3_000)}`)
      await screen.keys('End')
      await screen.shows(/^> +3 +edge-rt1/m)
      assert.match(
        await screen.text(),
        /^Consoles of alice, by way of this relay\n.*\n +1 +core-sw1 +rack1 .*\n +2 +core-sw2 +rack1 .*\n> +3/,
      )
      await screen.tmux('resize-window', '-x', '40', '-y', '12')
      await screen.shows(/^In a console: Ctrl-\] \? helps, Ctrl-\] b$/m)
      await screen.keys('Home')
      await screen.shows(/^> +1 +core-sw1/m)
      await screen.tmux('resize-window', '-x', '100', '-y', '30')
      await screen.shows(/Ctrl-\] d comes back\.$/m)
      assert.is((await processesOf('alice')).filter(args => /oobm-login/.test(args)).length >= 1, true)
      await screen.tmux('kill-server')
      await waitFor('nothing of hers to be left', async () => (await processesOf('alice')).length === 0)

      // The same from within a console, with a client that dies.
      const client = startProgram('script', [
        '-qfec',
        `exec ssh -tt ${sshArgs(scene, 'bob', []).join(' ')}`,
        '/dev/null',
      ])
      context.cleanup(() => client.stop())
      await client.says(/you are bob \(via relay\)/, 60_000)
      assert.ok((await processesOf('bob')).length > 0)
      client.child.kill('SIGKILL')
      await waitFor('no process of theirs to be left', async () => (await processesOf('bob')).length === 0)
      assert.ok(await isAlive(relay.sshd.program.pid))
    },
    LIMIT,
  )
} else {
  test.skip('the menu', 'accounts with passwords need root and a mount namespace')
}

test.run()
