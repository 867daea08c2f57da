/** What one board is put through: a first boot with a provisioning file, a fault, a correction, an upgrade; each with what is to be seen. */
import { isProvedReachable, STATE_NAMES } from '../../../formats/states.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Fat } from '../../card/fat.ts'
import type { Case } from '../../case.ts'
import type { QemuMachine } from '../../machine/qemu.ts'
import { checkBoard } from './board-checks.ts'
import { checkBreak, checkConsole } from './console-checks.ts'
import { plugIn } from './equipment.ts'
import { checkLed, ledBecomes } from './led-checks.ts'
import { DEVICE } from './relay.ts'
import { bootOnce, type Scene, type Stage, untilProved, untilSays } from './scene.ts'
import type { Technician } from './technician.ts'
import { upgradedPackage } from './upgraded-package.ts'

/** Seconds since 1970: 2019-01-01. */
const YEARS_AGO_S = 1_546_300_800
const DAY_S = 86_400
const DAY_MS = DAY_S * 1000

/** Each goes on with the card of the one before. */
export const STORY: readonly Case<Stage>[] = [
  chapter('no-file', noFile),
  chapter('first-boot', firstBoot, 'no-file'),
  chapter('wrong-file', wrongFile, 'first-boot'),
  chapter('later-file', laterFile, 'wrong-file'),
  chapter('upgrade', upgrade, 'later-file'),
]

/** The states of a board that is proved, as grep(1) knows them. */
const PROVED = STATE_NAMES.filter(isProvedReachable).join('|')

function chapter(name: string, play: (scene: Scene, card: Fat) => Promise<void>, follows?: string): Case<Stage> {
  return {
    name,
    ...(follows === undefined ? {} : { follows }),
    run: async (stage, steps) => {
      await play({ ...stage, steps }, await stage.card())
      return undefined
    },
  }
}

/** Somebody on site plugs it in as it was flashed. */
async function noFile(scene: Scene, card: Fat): Promise<void> {
  await bootOnce(scene, card, 'no-file', 'late', async machine => {
    await checkLed(scene, machine, 'unconfigured', 'LED with no oobm.toml on the card')
    await scene.steps.step('what it says without a file', async () => {
      const [, cause] = await waitFor(
        'the supervisor to say it',
        async () => /"state":"unconfigured","cause":"([^"]*)/.exec(await machine.printed()),
        { timeoutMs: scene.patienceMs },
      )
      return cause ?? ''
    })
  })
}

async function firstBoot(scene: Scene, card: Fat): Promise<void> {
  const { steps, tess, patienceMs } = scene
  // As Windows' Notepad saves it.
  await card.write('oobm.toml', `\ufeff${scene.operation.provisioning.replaceAll('\n', '\r\n')}`)
  const directory = await bootOnce(scene, card, 'first-boot', 'late', async machine => {
    await checkLed(scene, machine, 'no-relay', 'LED while the relay is not there')
    await scene.relay.start()
    await steps.essential('tunnel proved from the card, and shell through the relay', () =>
      untilProved(tess, patienceMs),
    )
    await steps.step('with the adapter out it says so', () => untilSays(tess, ['no-console'], patienceMs))
    await checkLed(scene, machine, 'no-console', 'LED when proved, with the adapter out')
    await checkBoard(scene, tess)
    await checkConsole(scene, machine, tess)
    // The technician who asks is in.
    await steps.step('with the adapter in it is well', () => untilSays(tess, ['ready', 'in-use'], patienceMs))
    await checkLed(scene, machine, 'ready', 'LED when proved, with the adapter in')
    await relayGoneAndTimeLost(scene, machine)
  })
  await checkBreak(scene, directory)
  await steps.step('secrets left the FAT partition', async () => {
    const names = await card.list()
    if (names.includes('oobm.toml')) throw new Error(`oobm.toml is still there, beside ${names.join(' ')}`)
    const told = (await card.read('oobm-imported.txt')) ?? ''
    if (told === '' || told.includes('PRIVATE KEY'))
      throw new Error('oobm-imported.txt does not say what was taken over')
    if (await card.contains('BEGIN OPENSSH PRIVATE KEY')) throw new Error('a private key is still in its sectors')
    return 'file gone, and no private key in any sector'
  })
}

async function relayGoneAndTimeLost(scene: Scene, machine: QemuMachine): Promise<void> {
  const { steps, tess, relay, patienceMs } = scene
  const daysBehind = async () => Math.round((Date.now() / 1000 - Number(await tess.shell('date +%s'))) / DAY_S)
  await steps.step('relay gone', async () => {
    await tess.root(`date -s @${YEARS_AGO_S}`)
    await relay.stop()
    return (await ledBecomes(scene, machine, 'no-relay')) ?? 'its sshd was stopped'
  })
  await relay.start()
  await steps.step('relay back, with the clock years behind', async () => {
    const proved = await untilProved(tess, patienceMs)
    const days = await daysBehind()
    if (days < 1000) throw new Error(`its clock is ${days} days behind only`)
    return `${proved}; ${days} days behind`
  })
  await steps.step('the time learned at last, by a tunnel that stays', async () => {
    const { connectedAt } = await tess.supervisor()
    await tess.root(`date -s @${Math.round(Date.now() / 1000)}`)
    const { state } = await waitFor(
      'its status to follow the clock',
      async () => {
        const now = await tess.supervisor().catch(() => undefined)
        return now !== undefined && now.connectedAt !== null && now.connectedAt > (connectedAt ?? 0) + DAY_MS
          ? now
          : undefined
      },
      { timeoutMs: patienceMs },
    )
    return `${await daysBehind()} days behind, and says ${state}`
  })
}

async function wrongFile(scene: Scene, card: Fat): Promise<void> {
  const { steps, tess, patienceMs } = scene
  await card.write('oobm.toml', 'version = 1\r\nlistener_port = "twenty"\r\n')
  await bootOnce(scene, card, 'wrong-file', 'plugged', async machine => {
    await plugIn(machine.adapterSocket)
    await checkLed(scene, machine, 'unconfigured', 'LED with a wrong oobm.toml')
    await steps.step('wrong oobm.toml: the last good one goes on working', () => untilProved(tess, patienceMs))
  })
  await steps.step('oobm-error.txt beside it', async () => {
    const text = await card.read('oobm-error.txt')
    if (text === undefined || !/listener_port/.test(text)) throw new Error(`it says: ${text}`)
    return text.split(/\r?\n/).find(line => line.includes('listener_port')) ?? ''
  })
}

async function laterFile(scene: Scene, card: Fat): Promise<void> {
  const { steps, tess, patienceMs } = scene
  await card.write('oobm.toml', 'version = 1\n[system]\nhostname = "later"\n')
  await bootOnce(scene, card, 'later-file', 'plugged', async machine => {
    await plugIn(machine.adapterSocket)
    await steps.step('a later file: proved again', () => untilProved(tess, patienceMs))
    await steps.step('… with what it names, and all else as before', () => isLater(tess))
    await steps.step('… and the error is gone', async () => {
      if ((await card.read('oobm-error.txt')) !== undefined) throw new Error('oobm-error.txt is still there')
      return 'no oobm-error.txt'
    })
    await steps.step('from kernel start to proved', () => provedAfter(tess))
    await steps.step('a kernel that panics starts again', async () => {
      // Nobody answers that any more.
      void tess.root('echo c >/proc/sysrq-trigger').catch(() => {})
      await machine.untilOff()
      return 'it did'
    })
  })
}

async function upgrade(scene: Scene, card: Fat): Promise<void> {
  const { steps, tess, patienceMs } = scene
  const { path, name, version } = await upgradedPackage(scene.board.arch, steps.folder)
  await bootOnce(scene, card, 'upgrade', 'plugged', async machine => {
    await steps.essential('before an upgrade: proved', () => untilProved(tess, patienceMs))
    await steps.essential('oobm upgrade FILE.deb through the tunnel, and a new start', async () => {
      await tess.copy(path)
      // It ends with the connection, when the board starts again.
      const said = await tess.root(`oobm upgrade ./${name}`, patienceMs).catch(err => String(err))
      await machine.untilOff().catch(() => {
        throw new Error(`the board goes on as it is; oobm upgrade said: ${said}`)
      })
      return `generation 1 made, with oobm-device ${version}`
    })
  })
  // With the adapter out: a console that is not open is no reason to go back.
  await bootOnce(scene, card, 'upgraded', 'late', async machine => {
    await steps.essential('the upgraded system on trial: proved', () => untilProved(tess, patienceMs))
    await steps.step('… is confirmed', async () => {
      await waitFor(
        'oobm upgrade --list to say so',
        async () => /^1, confirmed, running$/m.test(await tess.root('oobm upgrade --list')),
        { timeoutMs: patienceMs },
      )
      const installed = (await tess.shell("dpkg --status oobm-device | sed -n 's/^Version: //p'")).trim()
      if (installed !== version) throw new Error(`oobm-device ${installed}, not ${version}`)
      return `generation 1 runs, with oobm-device ${installed}`
    })
    await steps.step('… with all settings as before', () => isLater(tess))
    if (!scene.board.hasWatchdog) return
    await steps.step('a system that hangs is reset by the watchdog', async () => {
      // systemd(1), "Signals": its first process stands still from there on, and feeds no watchdog.
      await tess.root('kill -SEGV 1')
      await machine.untilOff()
      return 'it was'
    })
  })
}

async function isLater(tess: Technician): Promise<string> {
  const hostname = (await tess.shell('hostname')).trim()
  const { device } = await tess.supervisor()
  if (hostname !== 'later' || device !== DEVICE) throw new Error(`hostname ${hostname}, device ${device}`)
  return `hostname ${hostname}, device ${device}`
}

/** The kernel's clock when the supervisor first said that it is proved. */
async function provedAfter(tess: Technician): Promise<string> {
  const journal = await tess.shell(
    `journalctl -u oobm-supervisor -o short-monotonic --no-hostname | grep -m1 -E '"state":"(${PROVED})"'`,
  )
  const [, seconds] = /^\[ *(\d+\.\d)/.exec(journal) ?? []
  if (seconds === undefined) throw new Error(journal)
  return `${seconds} s`
}
