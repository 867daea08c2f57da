/** `pins`: the LED, an outlet and a button at pins of a real kernel, seen and pressed from outside. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { waitFor } from '../../../testbed/wait-for.ts'
import { builtImage } from '../../card/built-image.ts'
import { flashCard } from '../../card/card.ts'
import { fatOf } from '../../card/fat.ts'
import { issueBoard } from '../../card/issue-board.ts'
import { addDropIn, addTestShell } from '../../card/test-shell.ts'
import type { Subject } from '../../case.ts'
import { boardOf } from '../../machine/boards.ts'
import { connectPins, type Pins } from '../../machine/pins.ts'
import { type QemuMachine, startQemu } from '../../machine/qemu.ts'

/** The controller of QEMU's board: eight lines, of which the fourth is its power key. */
const CONTROLLER = '9030000.pl061'
const [RED, GREEN, BLUE, BUTTON, RELAY] = [0, 1, 2, 4, 5]
const COLOURS = { red: RED, green: GREEN, blue: BLUE }
/** Milliseconds in which every pattern has been lit and dark. */
const LOOK_MS = 8_000
const PATIENCE = { timeoutMs: 900_000, paceMs: 500 }

interface Stage {
  machine: QemuMachine
  pins: Pins
}

export const PINS: Subject<Stage> = {
  name: 'pins',
  about: 'the LED, an outlet and a button at pins, by a real kernel, seen and pressed from outside',
  on: ['pi3'],
  cases: () => [
    { name: 'LED of three colours', run: stage => checkLed(stage) },
    { name: 'outlet', run: checkOutlet },
    { name: 'button', run: checkButton },
    { name: 'LED without /sys/class/gpio', run: checkLedWithoutSysfs },
  ],
  setUp: async ({ folder, cleanup }) => {
    const image = builtImage('pi3')
    const card = join(folder, 'card.img')
    await flashCard(join(image, 'oobm.img'), card, 2 * 1024 ** 3)
    await addTestShell(card)
    const dropIn = join(folder, 'controller.conf')
    await writeFile(dropIn, `[Service]\nEnvironment=OOBM_GPIO_CONTROLLER=${CONTROLLER}\n`)
    for (const unit of ['oobm-supervisor.service', 'oobm-power.service']) await addDropIn(card, unit, dropIn)
    const config = {
      led: { backend: 'gpio' as const, rgb: [RED, GREEN, BLUE], act: false },
      button: { pin: BUTTON },
      outlets: [{ name: 'relay1', kind: 'gpio' as const, pin: RELAY }],
    }
    await (await fatOf(card)).write('oobm.toml', await issueBoard(folder, config))
    const board = boardOf('virt', false)
    const machine = await startQemu({
      ...{ board, boot: join(image, 'boot'), card, directory: join(folder, 'start'), hasWires: true },
    })
    cleanup(machine.cutPower)
    const pins = await connectPins(machine, board.pinLevels ?? 0)
    cleanup(pins.close)
    // The resistor that pulls it up.
    await pins.drive(BUTTON, true)
    await machine.untilUp()
    await waitFor(
      'the button to be watched',
      async () => (await journal(machine)).includes('button is watched'),
      PATIENCE,
    )
    return { machine, pins }
  },
}

/** No relay can be reached: red, in the pattern of its state. */
async function checkLed({ pins }: Stage, by = ''): Promise<string> {
  const seen = await watch(pins, LOOK_MS)
  const colours = Object.entries(COLOURS).map(([name, pin]) => ({ name, ...levelsOf(seen, pin) }))
  const blinking = colours.filter(({ wasLit, wasDark }) => wasLit && wasDark).map(({ name }) => name)
  const steady = colours.filter(({ wasLit, wasDark }) => wasLit && !wasDark).map(({ name }) => name)
  if (blinking.join() !== 'red' || steady.length > 0)
    throw new Error(`${blinking.join(', ') || 'nothing'} blinks, ${steady.join(', ') || 'nothing'} is lit${by}`)
  return `red blinks, green and blue are dark${by}`
}

async function checkOutlet({ machine, pins }: Stage): Promise<string> {
  const { sh } = machine
  await sh('oobm power on relay1 --yes')
  await expectLevel(pins, RELAY, true)
  await sh('sleep 5; oobm power off relay1 --yes')
  await expectLevel(pins, RELAY, false)
  await sh('sleep 5; oobm power on relay1 --yes')
  await sh('systemctl kill -s KILL oobm-power; sleep 1')
  await expectLevel(pins, RELAY, true)
  await sh('oobm power | grep -E "relay1 .*on"')
  return 'on is high, off is low, and it stays high when the program is killed'
}

async function checkButton(stage: Stage): Promise<string> {
  const { machine, pins } = stage
  const said = async (text: string) => (await journal(machine)).split(text).length - 1
  const comes = async (text: string, count: number) => {
    await waitFor(`"${text}" in the journal`, async () => (await said(text)) >= count, PATIENCE)
    if ((await said(text)) !== count) throw new Error(`"${text}" is in the journal ${await said(text)} times`)
  }
  const hold = async (ms: number) => {
    await pins.drive(BUTTON, false)
    await delay(ms)
    await pins.drive(BUTTON, true)
  }
  // A contact that bounces, within less than 30 ms.
  for (const level of [false, true, false, true]) await pins.drive(BUTTON, level)
  await hold(400)
  await comes('a short press: tests the way in', 1)
  await comes('the button was pressed', 1)

  await pins.drive(BUTTON, false)
  await delay(3_500)
  const felt = await watch(pins, 3_000)
  await pins.drive(BUTTON, true)
  for (const [name, pin] of Object.entries(COLOURS)) {
    const { wasLit, wasDark } = levelsOf(felt, pin)
    if (!wasLit || !wasDark) throw new Error(`while the button is held, ${name} does not blink`)
  }
  await comes('held for some seconds: the settings have no hotspot', 1)

  await delay(5_000)
  await hold(11_000)
  await delay(1_000)
  await hold(300)
  await comes('no configuration was ever proved, so nothing changes', 1)
  await machine.sh('oobm status | grep "button .*no configuration was ever proved"')
  await machine.sh('gpioinfo --chip gpiochip0 | grep "oobm-button"')
  return 'short, held (white, blinking), long and confirmed; a bounce is one press'
}

/** As a kernel that has the character device alone. */
async function checkLedWithoutSysfs(stage: Stage): Promise<string> {
  const { machine, pins } = stage
  const drop = '/run/systemd/system/oobm-supervisor.service.d'
  await machine.sh(
    `mkdir -p ${drop} && printf '[Service]\\nTemporaryFileSystem=/sys/class/gpio\\nRestartSec=30\\n' >${drop}/no-sysfs.conf && systemctl daemon-reload && systemctl restart oobm-supervisor`,
  )
  await waitFor('the LED to be found', async () => (await journal(machine)).includes('(/dev/gpiochip0 of '), PATIENCE)
  await delay(3_000)
  const outcome = await checkLed(stage, ', by gpioset')
  await machine.sh('systemctl kill -s KILL --kill-whom=main oobm-supervisor')
  await delay(5_000)
  const { wasLit } = levelsOf(await watch(pins, 3_000), RED)
  if (wasLit) throw new Error('it is lit after the supervisor was killed')
  return `${outcome}; dark after SIGKILL`
}

function journal({ sh }: QemuMachine): Promise<string> {
  return sh('journalctl -q -o cat -u oobm-supervisor --no-pager | tail -n 200')
}

/** The levels of all pins, every 20 ms. */
async function watch(pins: Pins, ms: number): Promise<number[]> {
  const deadlineMs = performance.now() + ms
  const seen: number[] = []
  while (performance.now() < deadlineMs) {
    seen.push(await pins.levels())
    await delay(20)
  }
  return seen
}

function levelsOf(seen: readonly number[], pin: number): { wasLit: boolean; wasDark: boolean } {
  const bits = seen.map(levels => (levels >> pin) & 1)
  return { wasLit: bits.includes(1), wasDark: bits.includes(0) }
}

async function expectLevel(pins: Pins, pin: number, isHigh: boolean): Promise<void> {
  const level = ((await pins.levels()) >> pin) & 1
  if (level !== (isHigh ? 1 : 0)) throw new Error(`the pin is ${level === 1 ? 'high' : 'low'}`)
}
