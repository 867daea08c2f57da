/** The text on the card when a file was taken over, `oobm-imported.txt`, for field staff; pure, and without secrets. */
import { namedConsoles } from '../../formats/device-config.ts'
import type { Language } from '../../formats/languages.ts'
import type { Provisioning } from '../../formats/provisioning.ts'
import { type BoardFacts, describeBoard, inBothLanguages } from './notes.ts'

export const IMPORTED_NOTE = 'oobm-imported.txt'

export interface Import {
  files: readonly string[]
  provisioning: Provisioning
  /** False when it changed some settings of a device that had them. */
  complete: boolean
  /** Files of other boards that were removed from this card. */
  foreign: readonly string[]
  /** What looks like a copy of a settings file, and is still on the card. */
  lookalikes: readonly string[]
}

export function importedNote(done: Import, board: BoardFacts, first: Language): string {
  const texts = { en: english(done), ja: japanese(done) }
  return `${[...inBothLanguages(first, texts), '', ...describeBoard(board)].join('\n')}\n`
}

/** What both languages list; `none` is the word for an empty list. */
function listed({ config, site }: Provisioning, none: string, port: string) {
  const names = (items: readonly string[]) => items.join(', ') || none
  const { technicians } = config
  return {
    relays: names(config.relays.map(relay => `${relay.host} ${port} ${relay.port}`)),
    consoles: names(namedConsoles(config).map(({ name, path }) => `${name} (${path})`)),
    technicians: names(technicians.map(({ name }) => name)),
    shell: names(technicians.filter(({ shell, admin }) => shell || admin).map(({ name }) => name)),
    admins: names(technicians.filter(({ admin }) => admin).map(({ name }) => name)),
    wifi: names(site.wifi.map(({ ssid }) => JSON.stringify(ssid))),
    network: names([
      ...site.interfaces.map(({ name, addresses }) => `${name} ${addresses.join(' ') || 'DHCP'}`),
      ...site.cellular.map(({ interface: name, apn }) => `${name} APN ${apn}`),
    ]),
  }
}

function english({ files, provisioning, complete, foreign, lookalikes }: Import): string[] {
  const { device } = provisioning.config
  const { relays, consoles, technicians, shell, admins, wifi, network } = listed(provisioning, 'none', 'port')
  return [
    complete ? `This device is set up as "${device}".` : `The settings of this device ("${device}") were changed.`,
    '',
    'WHAT IT IS NOW',
    `  relays:       ${relays}`,
    `  consoles:     ${consoles}`,
    `  technicians:  ${technicians}`,
    `  with a shell: ${shell}; administrators: ${admins}`,
    `  Wi-Fi:        ${wifi}`,
    `  network:      ${network}`,
    '',
    'ON THIS CARD',
    `  Imported and removed, because it has keys: ${files.join(', ')}`,
    ...(foreign.length === 0 ? [] : [`  Removed, for other boards: ${foreign.join(', ')}`]),
    ...(lookalikes.length === 0
      ? []
      : [`  STILL THERE, and perhaps with keys in it: ${lookalikes.join(', ')}`, '  Delete it, unless you need it.']),
    '  To change a setting, copy another oobm.toml here: it changes what it names.',
  ]
}

function japanese({ files, provisioning, complete, foreign, lookalikes }: Import): string[] {
  const { device } = provisioning.config
  const { relays, consoles, technicians, shell, admins, wifi, network } = listed(provisioning, 'なし', 'ポート')
  return [
    complete ? `この装置は「${device}」として設定されました。` : `この装置（「${device}」）の設定が変更されました。`,
    '',
    '■ 現在の設定',
    `  中継サーバー：${relays}`,
    `  コンソール：${consoles}`,
    `  技術者：${technicians}`,
    `  シェルを使える人：${shell}、管理者：${admins}`,
    `  Wi-Fi：${wifi}`,
    `  ネットワーク：${network}`,
    '',
    '■ このカードについて',
    `  取り込んだので、カードから消しました（鍵が入っているため）：${files.join(', ')}`,
    ...(foreign.length === 0 ? [] : [`  ほかの装置用なので、消しました：${foreign.join(', ')}`]),
    ...(lookalikes.length === 0
      ? []
      : [
          `  まだ残っています。鍵が入っているかもしれません：${lookalikes.join(', ')}`,
          '  必要でなければ、削除してください。',
        ]),
    '  設定を変えるときは、別の oobm.toml をここにコピーしてください。書いてある項目だけが変わります。',
  ]
}
