/** Our tables in the kernel: the firewall, and the one that forwards to gateway devices. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../../runtime/errors.ts'
import { DELETE_GATEWAY_TABLE, GATEWAY_SYSCTL } from '../../fleet/render/gateway.ts'
import { DELETE_TABLE } from '../dedicated/nftables.ts'
import { askTool, runTool } from './run-tool.ts'

/** In a generation: the firewall's, the gateways'. */
const TABLE_FILES = ['nftables.conf', 'gateway.nft'] as const

/** Our tables as the kernel prints them; undefined without any, or without nft. */
export async function tablesInForce(): Promise<string | undefined> {
  const tables = [await listTable('inet', 'oobm'), await listTable('ip', 'oobm_gateway')]
  return tables.some(table => table !== undefined) ? tables.join('\n') : undefined
}

async function listTable(...table: string[]): Promise<string | undefined> {
  const { code, stdout } = await askTool('nft', ['list', 'table', ...table]).catch(err => {
    if (err instanceof UserError) return { code: 127, stdout: '' }
    throw err
  })
  return code === 0 ? stdout : undefined
}

/** @param folder of a generation */
export async function checkTables(folder: string): Promise<void> {
  for (const file of TABLE_FILES) {
    if (existsSync(join(folder, file))) await runTool('nft', ['-c', '-f', join(folder, file)])
  }
}

/**
 * Loads the tables of a generation into the kernel, and removes those that this generation does not have.
 * @returns the tables as the kernel then prints them
 */
export async function loadTables(folder: string): Promise<string | null> {
  const [firewall, gateway] = TABLE_FILES.map(file => join(folder, file)) as [string, string]
  if (existsSync(firewall)) await runTool('nft', ['-f', firewall])
  else await closeFirewall()
  if (existsSync(gateway)) {
    // The table first: see render/gateway.ts.
    await runTool('nft', ['-f', gateway])
    await runTool('sysctl', ['-q', '-w', `${GATEWAY_SYSCTL}=1`])
  } else {
    await closeGateway()
  }
  return (await tablesInForce()) ?? null
}

export async function deleteTables(): Promise<void> {
  await closeGateway()
  await closeFirewall()
}

async function closeFirewall(): Promise<void> {
  if ((await listTable('inet', 'oobm')) !== undefined) await runTool('nft', ['-f', '-'], DELETE_TABLE)
}

async function closeGateway(): Promise<void> {
  if ((await listTable('ip', 'oobm_gateway')) === undefined) return
  await runTool('sysctl', ['-q', '-w', `${GATEWAY_SYSCTL}=0`])
  await runTool('nft', ['-f', '-'], DELETE_GATEWAY_TABLE)
}

/**
 * The port through which the person who runs this logged in by ssh, if they did. sudo removes $SSH_CONNECTION, so this looks for it
 * in the processes above as well.
 */
export async function ownSshPort(): Promise<number | undefined> {
  for (let pid = process.pid; pid > 1; ) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    const connection = environment.split('\0').find(entry => entry.startsWith('SSH_CONNECTION='))
    if (connection !== undefined) return Number(connection.split(' ')[3])
    const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
    pid = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  }
  return undefined
}
