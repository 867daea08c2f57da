/** Looks after the wireless interfaces that this device logs in to networks: says what is stuck, and asks `oobm-apply` for what may help. */
import { join } from 'node:path'
import * as z from 'zod'
import { readStatus } from '../../formats/status-file.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import type { RecoveryDesk } from './ask-apply.ts'
import { addressesOf, hasLogin, lookAtRadio, wirelessNames } from './look-at-radio.ts'
import { Radio, type Recovery, requestFor } from './radio.ts'

/** Milliseconds between two looks: an address that is asked for is found, or not, within ten seconds (RFC 4861, section 10). */
const LOOK_MS = 15_000

export interface WifiWatch {
  sysfs: string
  provisioningDirectory: string
  stateDirectory: string
  desk: RecoveryDesk
  /** This end of the tunnel that works; undefined while there is none. */
  tunnelAddress(): string | undefined
  /** The interface that is a hotspot now: nothing is wrong with it, and nothing is to be done to it. */
  hotspot(): Promise<string | undefined>
  /** The interfaces that have a default route, the one that is used first. */
  uplinks(): Promise<string[]>
  mayReboot: boolean
  clock: Clock
  signal: AbortSignal
  log: Logger
  onChange(recoveries: Recovery[]): void
}

const workedSchema = z.object({ bootId: z.string(), names: z.array(z.string()) })

/** Runs until aborted. */
export async function watchWifi(watch: WifiWatch): Promise<void> {
  const { clock, signal, log, onChange } = watch
  const workedPath = join(watch.stateDirectory, 'wifi-worked.json')
  const { bootId } = heartbeatNow()
  const before = await readStatus(workedPath, workedSchema).catch(() => undefined)
  let worked = before?.bootId === bootId ? before.names : []
  const radios = new Map<string, Radio>()
  let problem = ''
  while (!signal.aborted) {
    const hotspot = await watch.hotspot()
    const others = () => [...radios.values()].filter(({ name }) => name !== hotspot)
    try {
      for (const name of await wirelessNames(watch.sysfs))
        if (!radios.has(name)) radios.set(name, new Radio(name, worked.includes(name)))
      for (const radio of radios.values())
        if (radio.name === hotspot) radio.away(clock.nowMs())
        else await look(radio, watch)
      const now = [...radios.values()].filter(({ hasWorked }) => hasWorked).map(({ name }) => name)
      if (now.some(name => !worked.includes(name))) {
        worked = now
        await writeAtomically(workedPath, JSON.stringify({ bootId, names: now }), 0o600)
      }
      problem = ''
    } catch (err) {
      if (problem !== errorMessage(err)) log.warn({ err }, 'the wireless interfaces cannot be looked at')
      problem = errorMessage(err)
    }
    onChange(others().flatMap(({ recovery }) => recovery ?? []))
    await clock.sleep(LOOK_MS, signal)
  }
}

async function look(radio: Radio, watch: WifiWatch): Promise<void> {
  const { clock, log, desk, sysfs, provisioningDirectory, tunnelAddress, mayReboot } = watch
  const { name } = radio
  if (!(await hasLogin(name, provisioningDirectory))) return
  const address = tunnelAddress()?.replace(/^::ffff:/, '')
  const isConnected = address !== undefined && addressesOf(name).includes(address)
  const blocked = isConnected ? undefined : await lookAtRadio(name, sysfs)
  const uplinks = await watch.uplinks()
  const wasStuck = radio.recovery
  const step = radio.look({
    ...{ nowMs: clock.nowMs(), isConnected, blocked, mayReboot },
    isTried: address === undefined && uplinks[0] === name,
    // A cable with a gateway of its own is a way out, too, whatever is wrong behind it.
    isElsewhere: (address !== undefined && !isConnected) || uplinks.some(other => other !== name),
  })
  const { recovery, unanswered } = radio
  if (recovery?.cause !== wasStuck?.cause) {
    if (recovery === undefined) log.info({ interface: name }, 'the wireless interface leads out again')
    else log.warn({ interface: name, cause: recovery.cause }, 'the wireless interface leads nowhere')
  }
  const answer = unanswered && (await desk.answer(unanswered))
  if (answer !== undefined) {
    radio.answered(answer)
    log.info({ request: answer.request, result: answer.result, cause: answer.detail }, 'oobm-apply answered')
  }
  if (step === undefined) return
  const cause = recovery?.cause
  log.warn({ interface: name, step, cause }, 'asks oobm-apply to help a wireless interface')
  radio.asked(step, clock.nowMs())
  try {
    await desk.ask(requestFor(step, name))
  } catch (err) {
    radio.answered({ result: 'failed', detail: `oobm-apply could not be asked: ${errorMessage(err)}` })
  }
}
