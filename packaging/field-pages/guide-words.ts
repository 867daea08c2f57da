/** What the field guide says, in each language; what the LED means is in formats/field-sentences.ts. */

export const GUIDE_WORDS = {
  en: {
    title: 'Install the remote console',
    intro:
      'This small device gives technicians a way to the equipment when its own network is down. You need no login and no command: copy one file, plug in the cables, and read one LED. It takes about ten minutes.',
    need: {
      title: 'You need',
      items: [
        'the device with its card and its power supply, and a PC with a card reader',
        'the file oobm.toml of this device, from the operator',
        'a network cable (not with Wi-Fi), a USB serial adapter, and the console cable of the equipment',
      ],
    },
    wiring: {
      network: 'network: switch or router of the site',
      device: 'this device',
      led: 'LED',
      power: 'power, last',
      adapter: 'USB adapter',
      target: 'equipment (router, switch, server)',
      consolePort: 'CONSOLE port',
    },
    steps: [
      {
        title: 'Copy the file',
        text: 'Put the card into the PC. A drive OOBM-BOOT appears. If Windows offers to format another drive, answer no. Copy oobm.toml onto OOBM-BOOT, and eject it.',
      },
      {
        title: 'Plug in',
        text: 'Put the card into the device. Plug in the network, then the USB adapter with the console cable, and the power last.',
      },
      {
        title: 'Wait three minutes, then look at the LED',
        text: 'Without an LED of its own on the case, it is the green LED of the board. Black below means lit, white means dark; each bar is five seconds.',
      },
    ],
    otherPatterns: 'Another pattern? The LED card has all of them.',
    hotspot:
      'No network? Where the operator has set it up, the device becomes a Wi-Fi of its own after five minutes, or when its button is held for 3 seconds. Join it with a phone (the operator has its name and passphrase), and open http://192.168.76.1/ there.',
    careTitle: 'Take care',
    care: [
      'There are keys in oobm.toml: do not send it by e-mail, and delete it from the PC.',
      'Do not pull the power in the first three minutes.',
      'After a good start, oobm-imported.txt is on the card in place of oobm.toml.',
    ],
    fields: [
      ['Device', 'Serial number'],
      ['Whom to call', 'Telephone'],
    ],
  },
  ja: {
    title: '遠隔コンソール装置の設置',
    intro:
      'この小さな装置があると、現地のネットワークが止まっていても、技術者が遠隔から機器を操作できます。ログインもコマンドも不要です。ファイルを1つコピーし、ケーブルをつなぎ、LEDを1つ見るだけです。所要時間は約10分です。',
    need: {
      title: '用意するもの',
      items: [
        'この装置とカードと電源、カードリーダーのあるパソコン',
        '運用担当者から受け取った、この装置用のファイル oobm.toml',
        'LANケーブル（Wi-Fiの場合は不要）、USBシリアルアダプター、機器のコンソールケーブル',
      ],
    },
    wiring: {
      network: 'ネットワーク（スイッチ、ルーター）',
      device: 'この装置',
      led: 'LED',
      power: '電源（最後に接続）',
      adapter: 'USBアダプター',
      target: '接続先の機器（ルーター、スイッチ、サーバー）',
      consolePort: 'CONSOLEポート',
    },
    steps: [
      {
        title: 'ファイルをコピーする',
        text: 'カードをパソコンに入れると、ドライブ OOBM-BOOT が現れます。Windowsが別のドライブのフォーマットを求めたら、「いいえ」を選びます。oobm.tomlを OOBM-BOOT にコピーし、取り出します。',
      },
      {
        title: 'ケーブルをつなぐ',
        text: 'カードを装置に入れます。LANケーブル、USBアダプターとコンソールケーブルをつなぎ、最後に電源をつなぎます。',
      },
      {
        title: '3分待って、LEDを見る',
        text: 'ケースにLEDがない場合は、基板の緑のLEDを見ます。下の帯は5秒間の光り方で、黒が点灯、白が消灯です。',
      },
    ],
    otherPatterns: 'ほかの光り方は、LEDカードを見てください。',
    hotspot:
      'ネットワークがない場合: 設定があれば、5分後に、またはボタンを3秒押すと、装置自身のWi-Fiが始まります。スマートフォンで接続し（名前とパスフレーズは運用担当者に確認してください）、http://192.168.76.1/ を開いてください。',
    careTitle: 'ご注意',
    care: [
      'oobm.tomlには鍵が入っています。メールで送らず、パソコンからは削除してください。',
      '最初の3分間は電源を抜かないでください。',
      '正常に起動すると、カードのoobm.tomlがoobm-imported.txtに変わります。',
    ],
    fields: [
      ['装置名', 'シリアル番号'],
      ['連絡先', '電話番号'],
    ],
  },
} as const
