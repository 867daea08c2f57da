/** Our table of the kernel's firewall. */
import { readFile } from 'node:fs/promises'
import { UserError } from '../../runtime/errors.ts'
import { DELETE_TABLE } from '../dedicated/nftables.ts'
import { askTool, runTool } from './run-tool.ts'

/** As the kernel tells it; undefined when it has none, or when there is no nft. */
export async function tableInForce(): Promise<string | undefined> {
  const { code, stdout } = await askTool('nft', ['list', 'table', 'inet', 'oobm']).catch(err => {
    if (err instanceof UserError) return { code: 127, stdout: '' }
    throw err
  })
  return code === 0 ? stdout : undefined
}

export async function checkTable(file: string): Promise<void> {
  await runTool('nft', ['-c', '-f', file])
}

/** Replaces the table as a whole. @returns what the kernel then tells */
export async function loadTable(file: string): Promise<string> {
  await runTool('nft', ['-f', file])
  return (await tableInForce()) ?? ''
}

export async function deleteTable(): Promise<void> {
  if ((await tableInForce()) !== undefined) await runTool('nft', ['-f', '-'], DELETE_TABLE)
}

/**
 * The port by which whoever runs this came in over ssh, if he did. sudo takes $SSH_CONNECTION away, so that it is looked for
 * in the processes above, too.
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
