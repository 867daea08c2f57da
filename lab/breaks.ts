/** Breaks parts of a lab, and mends them; a daemon that was killed is started again without that. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { EXIT, errorCode, UserError } from '../runtime/errors.ts'
import { signalProcess } from '../testbed/sshd.ts'
import { BREAKS, type BreakName, type Broken } from './break-table.ts'
import { DEVICE, DEVICES } from './lab-fleet.ts'
import type { Lab, LabDevice } from './start-lab.ts'
import { cutUplink } from './uplink.ts'

export class Breaks {
  readonly #lab: Lab
  readonly #mends = new Map<string, Broken & { mend(): Promise<void> }>()

  constructor(lab: Lab) {
    this.#lab = lab
  }

  get broken(): readonly Broken[] {
    return [...this.#mends.values()]
  }

  has({ name, device }: Broken): boolean {
    return this.#mends.has(keyOf({ name, device }))
  }

  /**
   * @param device the first one, when left out
   * @throws UserError where it cannot be broken
   */
  async break(name: BreakName, device: string = DEVICE): Promise<Broken> {
    const broken = { name, device: BREAKS[name].of === 'device' ? this.#device(device).name : undefined }
    if (this.has(broken)) return broken
    const mend = await this.#effect(name, this.#device(device))
    if (mend) this.#mends.set(keyOf(broken), { ...broken, mend })
    return broken
  }

  /** @returns what was mended */
  async mend(is: (broken: Broken) => boolean = () => true): Promise<Broken[]> {
    const found = [...this.#mends].filter(([, broken]) => is(broken))
    for (const [key, { mend }] of found) {
      this.#mends.delete(key)
      await mend()
    }
    return found.map(([, { name, device }]) => ({ name, device }))
  }

  #device(name: string): LabDevice {
    const device = this.#lab.devices.find(device => device.name === name)
    if (device) return device
    throw new UserError(`no device "${name}"; there are: ${DEVICES.map(({ name }) => name).join(', ')}`, EXIT.usage)
  }

  async #effect(name: BreakName, device: LabDevice): Promise<(() => Promise<void>) | undefined> {
    const { relay } = this.#lab
    switch (name) {
      case 'line': {
        const mend = await cutUplink(await pidOf(device.units.line), device.linePort)
        return async () => mend()
      }
      case 'adapter': {
        if (device.equipment !== 'sim:router')
          throw new UserError(`${device.equipment} is a real line: pull its plug yourself`, EXIT.usage)
        await rm(device.adapter)
        return () => writeFile(device.adapter, '')
      }
      case 'sshd':
        return stopped([await pidOf(device.units.sshd)])
      case 'supervisor':
      case 'bridge':
        signalProcess(await pidOf(device.units[name]), 'SIGKILL')
        return undefined
      case 'relay': {
        // One that hangs ends, too.
        this.#mends.delete(keyOf({ name: 'hang', device: undefined }))
        await writeFile(`${relay.unit}.stopped`, '')
        for (const pid of await relay.pids()) signalProcess(pid, 'SIGKILL')
        return () => rm(`${relay.unit}.stopped`)
      }
      case 'hang': {
        if (this.has({ name: 'relay', device: undefined }))
          throw new UserError('the relay is stopped already: start it first', EXIT.unavailable)
        return stopped(await relay.pids())
      }
      default:
        return name satisfies never
    }
  }
}

function keyOf({ name, device }: Broken): string {
  return `${name} ${device ?? ''}`
}

function stopped(pids: readonly number[]): () => Promise<void> {
  for (const pid of pids) signalProcess(pid, 'SIGSTOP')
  return async () => {
    for (const pid of pids) signalProcess(pid, 'SIGCONT')
  }
}

/** @throws UserError while the unit is started for the first time */
async function pidOf(unit: string): Promise<number> {
  const text = await readFile(unit, 'utf8').catch(err => {
    if (errorCode(err) === 'ENOENT') return ''
    throw err
  })
  const pid = Number(text)
  if (pid > 1) return pid
  throw new UserError('it does not run yet: try again in a moment', EXIT.unavailable)
}
