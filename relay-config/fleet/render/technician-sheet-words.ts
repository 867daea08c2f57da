/** What the sheet of a technician says beside the facts, in each language. */
import type { Language } from '../../../formats/languages.ts'

const EN = {
  title: 'technician sheet',
  about:
    'Without the folder of files, with any SSH client. Compare the fingerprint that your client shows with the one here; if it differs, do not go on: call.',
  contact: 'Call',
  nobody: 'the operator',
  login: 'By login at the relay: the menu of your consoles',
  loginColumns: ['host', 'port', 'user', 'host key of the relay'],
  loginNote:
    'Your password, or your key. Number or arrow keys, then Enter. BREAK: Ctrl-] b in the console. The BREAK of a client itself does not get through here.',
  consoles: 'Consoles there',
  gateway: 'By the direct port of a device',
  gatewayColumns: ['what', 'host', 'port', 'user', 'host key of the device'],
  gatewayNote:
    'Your key; no password. BREAK: that of your client, or Ctrl-] b. PuTTY: right-click with Ctrl (Windows: click on the icon of the window), Special Command, Break. Tera Term: Control, Send break.',
  shell: 'shell of',
  none: 'You have neither. Your way is that of the folder of files: ssh -F config HOST, or PuTTY with putty.reg.',
}

const JA: typeof EN = {
  title: '技術者シート',
  about:
    'ファイルのフォルダーがなくても、SSHクライアントがあれば接続できます。クライアントが表示するフィンガープリントを下の値と比べます。違うときは接続をやめ、連絡してください。',
  contact: '連絡先',
  nobody: '運用担当者',
  login: 'リレーにログインする：コンソールのメニュー',
  loginColumns: ['ホスト', 'ポート', 'ユーザー', 'リレーのホスト鍵'],
  loginNote:
    'パスワードまたは鍵で入ります。番号か矢印キーで選び、Enterを押します。BREAKはコンソールで Ctrl-] b を押します。クライアント自身のBREAKはここでは届きません。',
  consoles: '使えるコンソール',
  gateway: '装置の直接ポートに接続する',
  gatewayColumns: ['接続先', 'ホスト', 'ポート', 'ユーザー', '装置のホスト鍵'],
  gatewayNote:
    '鍵で入ります。パスワードは使いません。BREAKはクライアント自身のもの、または Ctrl-] b です。PuTTYではCtrlを押しながら右クリック（Windowsではウィンドウのアイコン）し、Special Command、Breakを選びます。Tera Termでは「コントロール」「ブレーク送信」です。',
  shell: 'シェル：',
  none: 'どちらもありません。ファイルのフォルダーを使います：ssh -F config HOST、またはPuTTYとputty.reg。',
}

export type TechnicianWords = typeof EN

export const TECHNICIAN_WORDS: Record<Language, TechnicianWords> = { en: EN, ja: JA }
