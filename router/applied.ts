/** What the kernel has of one router: rules, queues and forwarding are set when they differ, and taken away by `clean`. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { RouterSpec } from '../formats/router.ts'
import { writeRuntimeFile } from '../runtime/write-runtime-file.ts'
import {
  closeForwarding,
  openForwarding,
  readNumber,
  removeHostRoutes,
  removeQueue,
  rootQueue,
  runTool,
  setQueue,
} from './kernel.ts'
import { type Rules, renderNft, tableName } from './render-nft.ts'
import { type Leaf, type Rates, renderDown, renderUp } from './render-traffic.ts'

/** In the folder of the address: what `clean` has to undo, whoever ended the router. */
const recordSchema = z.object({ opened: z.array(z.string()), queues: z.array(z.string()) })

export interface Wanted {
  uplink: { name: string; mtu: number } | undefined
  rates: Rates | undefined
  budget: Rules['budget']
  dhcpIsOpen: boolean
  dnsUid: number | undefined
}

export class Applied {
  readonly #folder: string
  readonly #spec: RouterSpec
  #rules = ''
  #queues = new Map<string, string>()
  #record: z.output<typeof recordSchema>

  constructor(folder: string, spec: RouterSpec) {
    this.#folder = folder
    this.#spec = spec
    this.#record = readRecord(folder)
  }

  /** The rules are gone: what is wanted differs from that in any case. */
  forget(): void {
    this.#rules = ''
  }

  /** The rules first: nothing is forwarded before they are there. @returns what could not be done and is not vital */
  async apply({ uplink, rates, budget, dhcpIsOpen, dnsUid }: Wanted): Promise<string[]> {
    const problems = await this.#applyQueues(uplink?.name, rates)
    const isShaped = rates !== undefined && this.#queues.has(uplink?.name ?? '')
    const names = this.#spec.routes ? [this.#spec.interface, ...(uplink === undefined ? [] : [uplink.name])] : []
    const rules = (usedBytes: number): Rules => ({
      spec: this.#spec,
      uplink: uplink && { ...uplink, isShaped },
      budget: budget && { ...budget, usedBytes },
      opened: this.#record.opened,
      ...{ dhcpIsOpen, dnsUid },
    })
    // Before it is opened, so that the rules have it.
    const opened = names.filter(name => readNumber(`/proc/sys/net/ipv4/conf/${name}/forwarding`) === 0)
    const closed = this.#record.opened.filter(name => !names.includes(name))
    this.#keep({ ...this.#record, opened: [...new Set([...this.#record.opened, ...opened])] })
    for (const name of closed) closeForwarding(name)
    this.#keep({ ...this.#record, opened: this.#record.opened.filter(name => !closed.includes(name)) })
    // What was used changes all the time, and the kernel counts it.
    const text = renderNft(rules(0))
    if (text !== this.#rules) {
      await runTool('nft', ['-f', '-'], renderNft(rules(budget?.usedBytes ?? 0)))
      this.#rules = text
    }
    for (const name of opened) openForwarding(name)
    return problems
  }

  async #applyQueues(uplink: string | undefined, rates: Rates | undefined): Promise<string[]> {
    if (!this.#spec.routes) return []
    const wanted = new Map<string, (leaf: Leaf) => string[]>()
    if (uplink !== undefined) wanted.set(uplink, leaf => renderUp(uplink, rates, leaf))
    if (uplink !== undefined && rates !== undefined)
      wanted.set(this.#spec.interface, leaf => renderDown(this.#spec.interface, rates, leaf))
    for (const device of this.#queues.keys()) {
      if (wanted.has(device)) continue
      await removeQueue(device)
      this.#queues.delete(device)
    }
    const problems: string[] = []
    for (const [device, render] of wanted) {
      const root = await rootQueue(device)
      if (typeof root === 'object') {
        problems.push(`${device} has a queue of somebody else's (${root.foreign}): the tunnel does not go first there`)
        this.#queues.delete(device)
        continue
      }
      const key = render('fq_codel').join('\n')
      if (root === 'ours' && this.#queues.get(device) === key) continue
      this.#keep({ ...this.#record, queues: [...new Set([...this.#record.queues, device])] })
      try {
        await setQueue(device, render('fq_codel'))
      } catch {
        // A kernel without it, also as a module.
        await setQueue(device, render('pfifo'))
      }
      this.#queues.set(device, key)
    }
    return problems
  }

  #keep(record: z.output<typeof recordSchema>): void {
    if (JSON.stringify(record) === JSON.stringify(this.#record)) return
    this.#record = record
    writeRuntimeFile(join(this.#folder, 'applied.json'), JSON.stringify(record), 0o644)
  }
}

function readRecord(folder: string): z.output<typeof recordSchema> {
  const path = join(folder, 'applied.json')
  return existsSync(path) ? recordSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : { opened: [], queues: [] }
}

/** Leaves nothing behind, whatever of it is there. Forwarding first: nothing is led through without rules. */
export async function clean(folder: string, address: string): Promise<void> {
  const { opened, queues } = readRecord(folder)
  for (const name of opened) closeForwarding(name)
  await runTool('nft', ['delete', 'table', 'inet', tableName(address)]).catch(() => {})
  for (const device of queues) await removeQueue(device)
  await removeHostRoutes(address)
}
