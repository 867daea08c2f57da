/** `wifi`: the image on simulated radios and a simulated cable, through every kind of network login. */
import { join } from 'node:path'
import { builtImage } from '../../card/built-image.ts'
import { flashCard } from '../../card/card.ts'
import { fatOf } from '../../card/fat.ts'
import { issueBoard } from '../../card/issue-board.ts'
import { addTestShell } from '../../card/test-shell.ts'
import type { Case, Subject } from '../../case.ts'
import { boardOf, hasKvm } from '../../machine/boards.ts'
import { startQemu } from '../../machine/qemu.ts'
import { addSite } from './add-site.ts'
import { type Guest, type Port, settle } from './guest.ts'
import { ACCOUNT, equal, LOGINS, type Login } from './logins.ts'

const ADDRESSES: Record<Port, string> = { wlan1: '198.51.100.1', wlan2: '203.0.113.1', far0: '192.0.2.129' }

export const WIFI: Subject<Guest> = {
  name: 'wifi',
  about: 'every kind of network login, by the image on simulated radios',
  on: ['vm'],
  cases: () => LOGINS.map((login): Case<Guest> => ({ name: login.name, run: guest => play(login, guest) })),
  setUp: async ({ folder, cleanup }) => {
    const image = builtImage('vm')
    const card = join(folder, 'card.img')
    // Room for the data partition.
    await flashCard(join(image, 'oobm.img'), card, 2 * 1024 ** 3)
    await addTestShell(card)
    const fat = await fatOf(card)
    await addSite(fat, folder)
    await fat.write('oobm.toml', await issueBoard(folder))
    const board = boardOf('pc', hasKvm())
    const machine = await startQemu({ board, boot: join(image, 'boot'), card, directory: join(folder, 'start') })
    cleanup(machine.cutPower)
    await machine.untilUp()
    return settle(machine, folder, ACCOUNT)
  },
}

/** @returns what the board and the site agreed on, in a few words */
async function play(
  { site, file, status, refused, interface: name = 'wlan0', more }: Login,
  guest: Guest,
): Promise<string> {
  const { sh, open, close, provision, untilIn, untilPassedOver, untilSaid, loginServer } = guest
  const ports = Object.entries(site) as [Port, string[]][]
  try {
    for (const [port, lines] of ports) {
      const config = lines.flatMap(line => (line === 'LOGIN' ? loginServer : [line]))
      await open(port, config, ADDRESSES[port])
    }
    await provision(file(guest))
    if (refused !== undefined) {
      await (refused.said === undefined ? untilPassedOver(name) : untilSaid(name, refused.said))
      const doctor = await sh('oobm doctor || true')
      if (!refused.doctor.test(doctor))
        throw new Error(`oobm doctor: ${doctor}\n${await sh(`journalctl -q -o cat -u oobm-wpa@${name} -n 30`)}`)
      equal('an address', await sh(`ip -4 -o address show ${name} | wc -l`), '0')
      return doctor.match(/WRONG +((?:Wi-Fi|login).*)/)?.[1] ?? 'refused'
    }
    // A cable has an address before its login.
    await untilIn(name, status ?? {})
    const said = await sh(`wpa_cli -i ${name} status`)
    await more?.(guest)
    return said.match(/^key_mgmt=(.*)$/m)?.[1] ?? 'in'
  } finally {
    // What went wrong before is what counts.
    for (const [port] of ports) await close(port).catch(() => {})
  }
}
