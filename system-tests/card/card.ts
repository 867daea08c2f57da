/** A card as it is flashed: a boot partition, the root partition, and nothing behind them. */
import { closeSync, openSync, readSync, truncateSync, writeSync } from 'node:fs'
import { runProgram } from '../../testbed/run-program.ts'

const MIB = 1_048_576
export const BOOT_MIB = 16
/** Where the root partition begins. */
export const ROOT_START_MIB = 1 + BOOT_MIB

/** @param root a file with the root partition's file system */
export async function makeCard(
  path: string,
  { root, rootMib, sizeMib }: { root: string; rootMib: number; sizeMib: number },
) {
  closeSync(openSync(path, 'w'))
  truncateSync(path, sizeMib * MIB)
  const table = `label-id: 0x006f6f62\nstart=1MiB, size=${BOOT_MIB}MiB, type=c\nstart=${ROOT_START_MIB}MiB, size=${rootMib}MiB, type=83\n`
  await tool('sfdisk', ['--quiet', path], table)
  await tool('dd', [
    `if=${root}`,
    `of=${path}`,
    'bs=1M',
    `seek=${ROOT_START_MIB}`,
    'conv=notrunc,sparse',
    'status=none',
  ])
}

export interface Partition {
  startBytes: number
  sizeBytes: number
  type: string
}

/** The third partition by the card's own table, undefined where there is none. */
export async function dataPartition(path: string): Promise<Partition | undefined> {
  const { partitiontable } = JSON.parse(await tool('sfdisk', ['--json', path])) as {
    partitiontable: { partitions: { start: number; size: number; type: string }[] }
  }
  const third = partitiontable.partitions[2]
  return third && { startBytes: third.start * 512, sizeBytes: third.size * 512, type: third.type }
}

/** Overwrites a part of the data partition with one byte, or with what a generator gives. */
export async function spoilData(path: string, offset: number, bytes: Buffer): Promise<void> {
  const partition = await dataPartition(path)
  if (!partition) throw new Error(`${path} has no data partition`)
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, partition.startBytes + offset)
  closeSync(file)
}

/** The bytes at a place of a file. */
export function readAt(path: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const file = openSync(path, 'r')
  readSync(file, bytes, 0, length, offset)
  closeSync(file)
  return bytes
}

async function tool(command: string, args: string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args, { input, timeoutMs: 120_000 })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${code}\n${stderr}`)
  return stdout
}
