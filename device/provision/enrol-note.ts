/** The text on the card of a board that waits to be accepted, `oobm-enrol.txt`: what a person compares with the operator; pure. */
import { enrolmentFingerprint } from '../../formats/enrolment.ts'
import type { Language } from '../../formats/languages.ts'
import { readPrivateKeyFacts } from '../../formats/ssh-key.ts'
import { isTable, type Table } from '../import/merge.ts'
import { inBothLanguages } from './notes.ts'

export const ENROL_NOTE = 'oobm-enrol.txt'

/** Without times, so that the same board has the same text at each start. @returns undefined for a device that is set up */
export function enrolNote(stored: Table | undefined, first: Language): string | undefined {
  if (!isTable(stored?.enrolment)) return undefined
  const { site, board } = stored.enrolment
  const { relayKey, bridgeHostKey, shellHostKey } = isTable(stored.secrets) ? stored.secrets : {}
  const publicKeyOf = (privateKey: unknown) => readPrivateKeyFacts(String(privateKey))?.publicKey ?? ''
  const fingerprint = enrolmentFingerprint({
    ...{ site: String(site), board: String(board) },
    ...{ relayKey: publicKeyOf(relayKey), bridgeHostKey: publicKeyOf(bridgeHostKey) },
    shellHostKey: publicKeyOf(shellHostKey),
  })
  const facts = { site: String(site), board: String(board), fingerprint }
  return `${inBothLanguages(first, { en: english(facts), ja: japanese(facts) }).join('\n')}\n`
}

interface EnrolFacts {
  site: string
  board: string
  fingerprint: string
}

function english({ site, board, fingerprint }: EnrolFacts): string[] {
  return [
    'This board has made its own keys, and asks the operator to accept it.',
    '',
    `  site:           ${site}`,
    `  serial number:  ${board}`,
    `  fingerprint:    ${fingerprint}`,
    '',
    'WHAT TO DO',
    '  1. Put the card into the board, plug in the network, and switch it on. Its LED shows two',
    '     short flashes and a long one.',
    '  2. Tell the operator the serial number and the fingerprint. The operator must see the same',
    '     fingerprint: if it is another one, somebody on the way has changed something.',
    '  3. When the operator has accepted it, the LED shows that it works. This text goes at the',
    '     next start.',
  ]
}

function japanese({ site, board, fingerprint }: EnrolFacts): string[] {
  return [
    'この装置は自分の鍵を作り、運用担当者の承認を待っています。',
    '',
    `  拠点：${site}`,
    `  シリアル番号：${board}`,
    `  フィンガープリント：${fingerprint}`,
    '',
    '■ 次にすること',
    '  1. カードを装置に入れ、ネットワークにつなぎ、電源を入れてください。LEDが短く2回、長く1回光ります。',
    '  2. シリアル番号とフィンガープリントを、運用担当者に伝えてください。運用担当者の画面にも、同じ',
    '     フィンガープリントが表示されます。違う場合は、途中で誰かが何かを書き換えています。',
    '  3. 承認されると、LEDが正常を示します。この文章は、次に電源を入れたときに消えます。',
  ]
}
