/** What the field sheet says beside the facts of a device, in each language. */
import type { Language } from '../../../formats/languages.ts'

const EN = {
  title: 'field sheet',
  about:
    'This device gives technicians a way to the consoles of the equipment below when the network is down. You need no login: plug in, and read one LED.',
  contact: 'Call',
  nobody: 'whoever gave you this sheet',
  network: 'Network',
  cable: 'network cable (DHCP)',
  mustReach: 'It must reach',
  serial: 'Serial number',
  consoles: 'Which console goes where',
  columns: ['console', 'equipment', 'device side', 'cable', 'line'],
  usbPort: 'USB port',
  adapter: 'adapter',
  steps: 'In this order',
  order: [
    'Copy oobm.toml onto the drive OOBM-BOOT of the card, eject it, and put the card into the device.',
    'Plug in the network, the USB adapters and the console cables; tick each above.',
    'Plug in the power, wait three minutes, and look at the LED.',
    'Delete oobm.toml from the PC. There are keys in it: do not send it by e-mail.',
  ],
  led: 'The LED',
  ledNote: 'Black: lit; white: dark; each bar is five seconds.',
} as const

type Worded<T> = { [K in keyof T]: T[K] extends string ? string : readonly string[] }
export type SheetWords = Worded<typeof EN>

const JA: SheetWords = {
  title: '設置シート',
  about:
    'この装置があると、ネットワークが止まっていても、技術者が遠隔から下の機器のコンソールを操作できます。ログインは不要です。ケーブルをつなぎ、LEDを見るだけです。',
  contact: '連絡先',
  nobody: 'このシートを渡した人',
  network: 'ネットワーク',
  cable: 'LANケーブル（DHCP）',
  mustReach: '必要な通信先',
  serial: 'シリアル番号',
  consoles: 'コンソールの接続先',
  columns: ['コンソール', '機器', '装置側', 'ケーブル', '通信設定'],
  usbPort: 'USBポート',
  adapter: 'アダプター',
  steps: '作業の順序',
  order: [
    'カードのドライブ OOBM-BOOT に oobm.toml をコピーし、取り出して、装置に入れます。',
    'LANケーブル、USBアダプター、コンソールケーブルをつなぎ、上の表に印を付けます。',
    '電源をつなぎ、3分待って、LEDを見ます。',
    'パソコンから oobm.toml を削除します。鍵が入っているので、メールで送らないでください。',
  ],
  led: 'LEDの見方',
  ledNote: '黒は点灯、白は消灯です。帯は5秒間の光り方です。',
}

export const SHEET_WORDS: Record<Language, SheetWords> = { en: EN, ja: JA }
