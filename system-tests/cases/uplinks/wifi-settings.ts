/** Settings from afar that change the board's only way out, a Wi-Fi: wrong ones are undone over the radio, right ones move it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  NO_RECORD,
  type SettingsOutcome,
  type SettingsRecord,
  settingsRecordSchema,
} from '../../../formats/settings-record.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Case, Steps } from '../../case.ts'
import { DEVICE, type Operation } from '../image/relay.ts'
import type { Board } from './board.ts'
import { pullCable, standby, WIFI } from './radios.ts'
import { LAB, OFFICE, PASSPHRASE } from './site.ts'
import type { Stage } from './start.ts'
import { seconds } from './take-turns.ts'

/** Milliseconds between two looks: each is work for an emulated board. */
const LOOK_MS = 3_000
/** For one step of it, on an emulated board that gets a quarter of a processor. */
const PATIENCE_MS = 900_000
/** For a trial from its beginning to its end, with what an emulated board takes to start its programs anew. */
const DECIDED_MS = 1_800_000

const joining = (ssid: string, passphrase: string) => `[[wifi]]\nssid = "${ssid}"\npassphrase = "${passphrase}"\n`
const leaving = (ssid: string) => `[[wifi]]\nssid = "${ssid}"\nremove = true\n`

export const SETTINGS_CASES: readonly Case<Stage>[] = [
  {
    name: 'settings with a wrong passphrase, over Wi-Fi alone',
    run: (stage, steps) =>
      undone(stage, joining(OFFICE.ssid, 'wrong horse battery'), /"Office" refuses the passphrase/, steps),
  },
  {
    name: 'settings with a Wi-Fi that nobody has, over Wi-Fi alone',
    run: (stage, steps) =>
      undone(
        stage,
        `${joining('Nowhere', PASSPHRASE)}${leaving(OFFICE.ssid)}`,
        /none of the configured networks/,
        steps,
      ),
  },
  {
    name: 'settings with a wrong passphrase, and a way back that fails once',
    run: (stage, steps) =>
      undone(stage, joining(OFFICE.ssid, 'wrong horse battery'), /"Office" refuses the passphrase/, steps, failOnce),
  },
  { name: 'settings with another Wi-Fi, over Wi-Fi alone', run: confirmed },
]

/**
 * @param site what the document says of Wi-Fi
 * @param why what is said of the network in the end
 * @param meanwhile what is in its way; run while the trial waits
 */
async function undone(
  stage: Stage,
  site: string,
  why: RegExp,
  steps: Steps,
  meanwhile?: (board: Board, steps: Steps) => Promise<void>,
): Promise<undefined> {
  const { board, operation, site: makeSite } = stage
  const { nowMs, sh, until, tess } = board
  await standby(board, await makeSite(), ['wlan1'], steps)
  await pullCable(board, steps)
  const before = await wifiSettings(board)
  let fromMs = 0
  let serial = 0
  await steps.essential('a document of the operator: the board leaves the network', async () => {
    fromMs = await nowMs()
    serial = await push(stage, site, steps)
    const since = await untilRecord(board, 'the trial to run', ({ trial }) =>
      trial?.serial === serial && trial.phase === 'trial' ? trial.since : undefined,
    )
    await waitFor('the board to leave', async () => (await networkNow(board)) === '', {
      timeoutMs: PATIENCE_MS,
      paceMs: LOOK_MS,
    })
    const { cause, state } = await until(
      'the tunnel to be lost',
      ({ connectedAt, state }) => connectedAt === null && state === 'no-link',
    )
    await meanwhile?.(board, steps)
    return `on trial after ${seconds(fromMs, since)}; it says ${state}: ${cause}`
  })
  await steps.essential('it goes back by itself, proved', async () => {
    const outcome = await untilDecided(board, serial)
    if (outcome.result !== 'undone') throw new Error(`it is ${outcome.result}: ${outcome.detail}`)
    const { connectedAt, proof } = await until('its tunnel to be proved', ({ connectedAt, proof }) => {
      const provedAt = proof.provedAt ?? 0
      return connectedAt !== null && connectedAt > outcome.at && provedAt >= connectedAt
    })
    await tess.shell('true')
    const network = await networkNow(board)
    if (network !== OFFICE.ssid) throw new Error(`it is in the network "${network}"`)
    if ((await wifiSettings(board)) !== before) throw new Error('its networks are not those of before')
    return `undone ${seconds(fromMs, outcome.at)} after the push, connected after ${seconds(fromMs, connectedAt)}, proved after ${seconds(fromMs, proof.provedAt)}, and a technician logs in`
  })
  if (meanwhile !== undefined) await steps.step('it had failed', () => sh(`cat ${FAILED}`))
  await steps.step('the operator reads why', async () => {
    const said = await shown(operation, /reverted .*no proof within/)
    const own = await sh('oobm settings')
    for (const text of [said, own]) if (!why.test(text)) throw new Error(text)
    return said
  })
  return undefined
}

/** Says when the board failed to derive the settings of its network. */
const FAILED = '/run/oobm-failed-once'
const FAIL_ONCE = '/run/systemd/system/oobm-provision.service.d/fail-once.conf'

/** As on a board that is too busy to do it in time. */
async function failOnce({ sh }: Board, steps: Steps): Promise<void> {
  steps.cleanup(() => sh(`rm -f ${FAIL_ONCE} ${FAILED}; systemctl daemon-reload`))
  const unit = `[Service]\\nExecStartPre=+/bin/sh -c "test -e ${FAILED} || { date >${FAILED}; exit 1; }"\\n`
  await sh(`mkdir -p $(dirname ${FAIL_ONCE}) && printf '${unit}' >${FAIL_ONCE} && systemctl daemon-reload`)
}

async function confirmed(stage: Stage, steps: Steps): Promise<undefined> {
  const { board, operation, site: makeSite } = stage
  const { nowMs, tess } = board
  const site = await standby(board, await makeSite(), ['wlan1'], steps)
  await site.open('wlan2', LAB)
  await pullCable(board, steps)
  const turns = [
    [OFFICE.ssid, LAB.ssid],
    [LAB.ssid, OFFICE.ssid],
  ] as const
  for (const [from, to] of turns) {
    await steps.essential(`a document of the operator: from "${from}" to "${to}", confirmed`, async () => {
      const fromMs = await nowMs()
      const serial = await push(stage, `${joining(to, PASSPHRASE)}${leaving(from)}`, steps)
      const outcome = await untilDecided(board, serial)
      if (outcome.result !== 'confirmed') throw new Error(`it is ${outcome.result}: ${outcome.detail}`)
      await tess.shell('true')
      const network = await networkNow(board)
      if (network !== to) throw new Error(`it is in the network "${network}"`)
      return `confirmed after ${seconds(fromMs, outcome.at)}, and a technician logs in; ${await shown(operation, /applied/)}`
    })
  }
  return undefined
}

/** Signs a document that has this beside the fleet file's settings, and leaves it at the relay. @returns its number */
async function push({ board, operation }: Stage, site: string, { folder }: Steps): Promise<number> {
  const serial = (await recordOf(board)).serial + 1
  const file = join(folder, 'site.toml')
  await writeFile(file, site)
  const at = ['--serial', `${serial}`, '--with', file, '--state', operation.state]
  await operation.operate('settings', 'push', DEVICE, ...at)
  return serial
}

/** What the operator is shown of the device's settings, once it is that. */
async function shown({ operate, state }: Operation, wanted: RegExp): Promise<string> {
  let last = ''
  const look = async () => {
    last = (await operate('settings', 'show', DEVICE, '--state', state)).trim()
    return wanted.test(last)
  }
  await waitFor('the relay to know it', look, { timeoutMs: PATIENCE_MS, paceMs: LOOK_MS }).catch(err => {
    throw new Error(`${err}; it says: ${last}`)
  })
  return `oobm-relay settings show: ${last}`
}

async function recordOf({ sh }: Board): Promise<SettingsRecord> {
  const text = await sh('cat /var/lib/oobm-apply/settings.json 2>/dev/null || true')
  return text === '' ? NO_RECORD : settingsRecordSchema.parse(JSON.parse(text))
}

async function untilRecord<T>(
  board: Board,
  what: string,
  look: (record: SettingsRecord) => T | undefined,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  let last = NO_RECORD
  const probe = async () => {
    last = await recordOf(board)
    return look(last)
  }
  return waitFor(what, probe, { timeoutMs, paceMs: LOOK_MS }).catch(async err => {
    const journal = await board.sh('journalctl -q -o cat -u oobm-apply -u oobm-supervisor -n 40').catch(String)
    throw new Error(`${err}; it says ${JSON.stringify(last)}\n${journal}`)
  })
}

function untilDecided(board: Board, serial: number): Promise<SettingsOutcome> {
  const decided = ({ outcomes }: SettingsRecord) =>
    outcomes.find(outcome => outcome.serial === serial && outcome.result !== 'trial')
  return untilRecord(board, 'the trial to be decided', decided, DECIDED_MS)
}

/** The name of the network that it is in; empty while it is in none. */
async function networkNow({ sh }: Board): Promise<string> {
  return sh(`wpa_cli -i ${WIFI} status 2>/dev/null | sed -n '/^ssid=/h; /^wpa_state=COMPLETED$/{x;s/^ssid=//p}'`)
}

/** The networks that it knows, as the file says them that it starts with. */
function wifiSettings({ sh }: Board): Promise<string> {
  return sh('cat /run/oobm-provision/wpa_supplicant-wlan0.conf')
}
