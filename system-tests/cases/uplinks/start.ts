/** Switches the image on, with a cable to a network that leads to a relay, and a site with radios beside it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeKey } from '../../../testbed/make-key.ts'
import { addTestShell } from '../../card/test-shell.ts'
import type { Run } from '../../case.ts'
import { boardOf, hasKvm, IDLE_DRIVERS } from '../../machine/boards.ts'
import { startQemu } from '../../machine/qemu.ts'
import { CONSOLE, DEVICE, type Operation, prepareOperation } from '../image/relay.ts'
import { cardFrom } from '../image/scene.ts'
import { technician } from '../image/technician.ts'
import { LEFT_OUT, shortenTrials } from '../settings/stage.ts'
import { addSite } from '../wifi/add-site.ts'
import { type Board, boardWith } from './board.ts'
import { makeSite, makeTap, OFFICE, PASSPHRASE, SITE_ADAPTER, type Site } from './site.ts'

/** It takes QEMU's modem by its number, in whichever configuration; none of its own is emulated. */
const NO_SUBSET = 'module_blacklist=cdc_subset'
/** What the file says beside what the operator issued. */
const WIFI = `
[system]
country = "JP"

[[wifi]]
ssid = "${OFFICE.ssid}"
passphrase = "${PASSPHRASE}"
`

/** Seconds in the place of ten minutes, for a proof through new settings: it includes a login to another Wi-Fi. */
const TRIAL_S = 150

export interface Stage {
  board: Board
  operation: Operation
  /** Its radios appear when they are asked for. */
  site(): Promise<Site>
}

/** @param image the image's folder @returns when its tunnel is proved */
export async function startBoard(image: string, { folder, cleanup, note }: Run): Promise<Stage> {
  // With the intervals that a device has without any of its own: how long a failover takes follows from them.
  const devices = [{ name: DEVICE, port: 20100, consoles: [{ name: CONSOLE, path: '/dev/ttyUSB0' }] }]
  const signer = await makeKey(folder, 'signer')
  const operation = await prepareOperation(folder, {
    devices,
    settings: { signers: [signer.publicKey], key: 'signer' },
  })
  const sshd = await operation.startRelay()
  cleanup(sshd.stop)
  await makeTap()
  const card = await cardFrom(image, folder)
  await addTestShell(card.path)
  await shortenTrials(card.path, folder, TRIAL_S)
  await addSite(card, folder)
  await card.write('oobm.toml', `${operation.provisioning}${WIFI}`)
  const commandLine = (await readFile(join(image, 'cmdline.txt'), 'utf8')).trim()
  const vm = boardOf('vm', hasKvm())
  const machine = await startQemu({
    board: {
      ...vm,
      hasShell: true,
      network: [...vm.network, ...SITE_ADAPTER],
      kernelOptions: [...vm.kernelOptions, ...LEFT_OUT, IDLE_DRIVERS, NO_SUBSET],
    },
    ...{ boot: join(image, 'boot'), commandLine, card: card.path, directory: join(folder, 'start') },
  })
  cleanup(machine.cutPower)
  note(`the board starts (console output: ${machine.directory})`)
  await machine.untilUp()
  const board = boardWith(machine, technician(operation.sshConfig), vm.patienceMs)
  await board.untilCarriedBy(undefined, 0)
  let site: Promise<Site> | undefined
  return {
    ...{ board, operation },
    site: () => {
      site ??= makeSite(machine)
      return site
    },
  }
}
