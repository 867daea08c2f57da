/** What one board is put through: the first boot with a provisioning file, a fault, a correction; each with what is to be seen. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Word } from '../../runtime/status-words.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { Card } from './card.ts'
import type { Emulator } from './emulator.ts'
import { plugIn } from './equipment.ts'
import { readLed } from './read-led.ts'
import { CONSOLE, DEVICE } from './relay.ts'
import { bootOnce, flashCard, type Scene, untilProved } from './scene.ts'
import { type Technician, technician, type as typeInto } from './technician.ts'
import { usbBreaks } from './usb-breaks.ts'

/** Milliseconds between two presses of Return. */
const RETURN_KEY_MS = 3_000

/** The whole story of one card. */
export async function playStory(scene: Scene): Promise<void> {
  const card = await flashCard(scene)
  await firstBoot(scene, card)
  await wrongFile(scene, card)
  await laterFile(scene, card)
}

async function firstBoot(scene: Scene, card: Card): Promise<void> {
  const { report, operation, patienceMs } = scene
  const tess = technician(operation.sshConfig)
  // As Windows' Notepad saves it.
  await card.write('oobm.toml', `\ufeff${operation.provisioning.replaceAll('\n', '\r\n')}`)
  await bootOnce(scene, card, 'first-boot', false, async (emulator, directory) => {
    await checkLed(scene, emulator, 'no-relay', 'LED while the relay is not there')
    let relay = await operation.startRelay()
    scene.cleanup(() => relay.stop())
    await report.essential('tunnel proved from the card, and shell through the relay', () =>
      untilProved(tess, patienceMs),
    )
    await checkLed(scene, emulator, 'ready', 'LED when proved')
    await checkBoard(scene, tess)
    await checkConsole(scene, emulator, tess)
    await report.check('relay gone', async () => {
      await relay.stop()
      return (await ledBecomes(scene, emulator, 'no-relay')) ?? 'its sshd was stopped'
    })
    relay = await operation.startRelay()
    await report.check('relay back', () => untilProved(tess, patienceMs))
    await emulator.qmp.execute('quit').catch(() => {})
    await emulator.untilOff(20_000)
    await report.check('BREAK by ~B on the USB bus', async () => {
      const lengths = usbBreaks(await readFile(join(directory, 'usb.pcap')))
      if (lengths.length !== 1 || (lengths[0] ?? 0) < 900) throw new Error(`breaks seen: ${JSON.stringify(lengths)} ms`)
      return `one break of ${Math.round(lengths[0] ?? 0)} ms (OpenSSH asks for 1000)`
    })
  })
  await report.check('secrets left the FAT partition', async () => {
    const names = await card.list()
    if (names.includes('oobm.toml')) throw new Error(`oobm.toml is still there, beside ${names.join(' ')}`)
    const told = (await card.read('oobm-imported.txt')) ?? ''
    if (told === '' || told.includes('PRIVATE KEY'))
      throw new Error('oobm-imported.txt does not say what was taken over')
    if (await card.fatContains('BEGIN OPENSSH PRIVATE KEY')) throw new Error('a private key is still in its sectors')
    return 'file gone, and no private key in any sector'
  })
}

async function wrongFile(scene: Scene, card: Card): Promise<void> {
  const { report, operation, patienceMs } = scene
  const tess = technician(operation.sshConfig)
  await card.write('oobm.toml', 'version = 1\r\nlistener_port = "twenty"\r\n')
  await bootOnce(scene, card, 'wrong-file', true, async emulator => {
    await plugIn(emulator.adapterSocket)
    await checkLed(scene, emulator, 'unconfigured', 'LED with a wrong oobm.toml')
    await report.check('wrong oobm.toml: the last good one goes on working', () => untilProved(tess, patienceMs))
  })
  await report.check('oobm-error.txt beside it', async () => {
    const text = await card.read('oobm-error.txt')
    if (text === undefined || !/listener_port/.test(text)) throw new Error(`it says: ${text}`)
    return text.split(/\r?\n/).find(line => line.includes('listener_port')) ?? ''
  })
}

async function laterFile(scene: Scene, card: Card): Promise<void> {
  const { report, operation, patienceMs } = scene
  const tess = technician(operation.sshConfig)
  await card.write('oobm.toml', 'version = 1\n[system]\nhostname = "later"\n')
  await bootOnce(scene, card, 'later-file', true, async emulator => {
    await plugIn(emulator.adapterSocket)
    await report.check('a later file: proved again', () => untilProved(tess, patienceMs))
    await report.check('… with what it names, and all else as before', async () => {
      const hostname = (await tess.shell('hostname')).trim()
      const { device } = await tess.supervisor()
      if (hostname !== 'later' || device !== DEVICE) throw new Error(`hostname ${hostname}, device ${device}`)
      return `hostname ${hostname}, device ${device}`
    })
    await report.check('… and the error is gone', async () => {
      if ((await card.read('oobm-error.txt')) !== undefined) throw new Error('oobm-error.txt is still there')
      return 'no oobm-error.txt'
    })
    await report.check('from kernel start to proved', () => provedAfter(tess))
  })
}

/** What is so on a board that runs. */
async function checkBoard({ report }: Scene, tess: Technician): Promise<void> {
  await report.check('units', async () => {
    const failed = await tess.shell(
      'systemctl --failed --no-legend --plain; systemctl is-active oobm-supervisor oobm-console',
    )
    if (failed.trim() !== 'active\nactive') throw new Error(failed)
    return 'supervisor and console active, no failed unit'
  })
  await report.check('clock', async () => {
    const behindS = Date.now() / 1000 - Number(await tess.shell('date +%s'))
    return `${Math.round(behindS / 86_400)} days behind, and proved all the same`
  })
  await report.check('root in memory, data on the card', async () => {
    const mounts = await tess.shell(
      'findmnt -no FSTYPE /; findmnt -no SOURCE /var/lib/oobm; cat /run/oobm-appliance/data',
    )
    const [root, data, fact] = mounts.trim().split('\n')
    if (root !== 'overlay' || fact !== 'made') throw new Error(mounts)
    return `/ is ${root}; ${data}; data partition ${fact}`
  })
  await report.check('memory', async () =>
    (await tess.shell('free -m | awk \'/^Mem/ { print $3 " of " $2 " MiB used" }\'')).trim(),
  )
  await report.check('accounts with a shell', async () => {
    const open = await tess.shell("awk -F: '$7 !~ /nologin|false/ { print $1 }' /etc/passwd | sort | tr '\\n' ' '")
    return open.trim()
  })
}

async function checkConsole({ report, patienceMs }: Scene, emulator: Emulator, tess: Technician): Promise<void> {
  await report.check('adapter plugged in late: console through the relay', async () => {
    const equipment = await plugIn(emulator.adapterSocket)
    await waitFor('the console to be open', async () => (await consoleState(tess)) === 'open', {
      timeoutMs: patienceMs,
    })
    const console = tess.console()
    try {
      // A router that is starting takes no key: as a person does, again and again.
      await waitFor(
        'the router to give its prompt',
        async () => {
          typeInto(console, '\r')
          return console.says(/Router>/, RETURN_KEY_MS).catch(() => undefined)
        },
        { timeoutMs: patienceMs },
      )
      typeInto(console, '~B')
      // OpenSSH takes ~ only at the start of a line, and the break has passed when the next answer is there.
      await waitFor('the bridge to have sent the break', async () => (await breaksOf(tess)) > 0, {
        timeoutMs: patienceMs,
      })
      typeInto(console, '\rshow version\r')
      await console.says(/uptime|Version/, patienceMs)
      return `the router answered at its prompt, and heard ${equipment.heard().length} bytes`
    } finally {
      await console.stop()
    }
  })
}

async function consoleState(tess: Technician): Promise<string | undefined> {
  return (await tess.bridge()).consoles.find(({ name }) => name === CONSOLE)?.state
}

async function breaksOf(tess: Technician): Promise<number> {
  return Number((await tess.shell('journalctl -u oobm-console -o cat | grep -c "break sent" || true')).trim())
}

/** The kernel's clock when the supervisor first said that it is proved. */
async function provedAfter(tess: Technician): Promise<string> {
  const journal = await tess.shell(
    'journalctl -u oobm-supervisor -o short-monotonic --no-hostname | grep -m1 -E "\\"word\\":\\"(ready|in-use)\\""',
  )
  const [, seconds] = /^\[ *(\d+\.\d)/.exec(journal) ?? []
  if (seconds === undefined) throw new Error(journal)
  return `${seconds} s`
}

async function checkLed(scene: Scene, emulator: Emulator, word: Word, check: string): Promise<void> {
  if (scene.board.pinLevels === undefined) return
  await scene.report.check(check, async () => `${await ledBecomes(scene, emulator, word)} on the pin of GPIO17`)
}

/** Undefined on a machine without pins. */
async function ledBecomes({ board, patienceMs }: Scene, emulator: Emulator, word: Word): Promise<string | undefined> {
  const { pinLevels } = board
  if (pinLevels === undefined) return undefined
  const deadlineMs = performance.now() + patienceMs
  let seen: Word | undefined
  do {
    seen = await readLed(emulator.qmp, pinLevels, 30_000)
    if (seen === word) return seen
  } while (performance.now() < deadlineMs)
  throw new Error(`the LED says ${seen ?? 'nothing'}, not ${word}`)
}
