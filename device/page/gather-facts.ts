/** Finds out what the page shows: from the status files, the settings, sysfs; nothing is asked of anybody. */
import { readFile } from 'node:fs/promises'
import { kernelFolders, languagePath, provisioningFaultPath } from '../../formats/directories.ts'
import { type Language, languageOf } from '../../formats/languages.ts'
import { printable } from '../../runtime/printable.ts'
import { VERSION } from '../../runtime/version.ts'
import { configOf, listAdapters } from '../adapters/list-adapters.ts'
import { readConsoleBridge, readSupervisor } from '../daemons/read-daemon.ts'
import { type RouterReading, readRouters } from '../daemons/read-routers.ts'
import { readSerial } from '../provision/board-serial.ts'
import { lookAtLinks } from './look-at-links.ts'
import type { PageBudget, PageFacts } from './page-facts.ts'

/** Without settings, and with those that cannot be read, the page is what helps. */
export async function isPageOn(env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await configOf(env))?.page.enabled ?? true
}

/** @param chosen undefined: that of the site */
export async function gatherFacts(env: NodeJS.ProcessEnv, chosen: Language | undefined): Promise<PageFacts> {
  const text = async (path: string) => (await readFile(path, 'utf8').catch(() => '')).trim()
  const [supervisor, bridge, config, serial, links, adapters, routers, fault, language] = await Promise.all([
    readSupervisor(env),
    readConsoleBridge(env),
    configOf(env),
    readSerial(env.OOBM_ROOT ?? '/'),
    lookAtLinks(kernelFolders(env).sysfs),
    listAdapters(env),
    readRouters(env),
    text(provisioningFaultPath(env)),
    text(languagePath(env)),
  ])
  const status = supervisor.running ? supervisor.status : undefined
  return {
    language: chosen ?? languageOf(language),
    nowMs: Date.now(),
    ...{ device: config?.device, serial, software: VERSION, contact: config?.contact },
    hasColours: config?.led.rgb !== undefined,
    fault: fault === '' ? undefined : printable(fault, 1_000),
    state: status?.state ?? 'not-running',
    cause: supervisor.running ? supervisor.status.cause : supervisor.problem,
    provedMs: status?.proof.provedAt ?? undefined,
    uplinks: (status?.uplinks ?? []).map(({ name, carries, provedAt, why }) => ({
      ...{ name, carries, why },
      provedMs: provedAt ?? undefined,
    })),
    hotspot: status?.hotspot,
    links,
    adapters: adapters.map(({ port, product, chip, console }) => ({
      port,
      product: printable(product ?? chip, 100),
      console: console ?? undefined,
    })),
    consoles: (bridge.running ? bridge.status.consoles : []).map(({ name, label, state, cause, settings }) => ({
      ...{ name, label, isOpen: state === 'open', cause, settings },
    })),
    budgets: config?.uplinks.some(({ budgetMbDay }) => budgetMbDay !== undefined) ? routers.flatMap(budgetOf) : [],
    bridgeProblem: bridge.running || config === undefined ? undefined : bridge.problem,
  }
}

/** None where the present way out has no limit. */
function budgetOf({ address, status, ageMs = 0 }: RouterReading): PageBudget[] {
  if (status === undefined) return [{ address, now: undefined }]
  const { routes, uplink, budget } = status
  if (!routes || uplink === null || budget === null) return []
  return [{ address, now: { uplink: uplink.name, ...budget, ageMs } }]
}
