/** What the tests of one device's upgrade ask. */
import { type Prepared, prepareDevice, type Work } from '../prepare-device.ts'

/** @throws where the device is not prepared */
export async function prepared(work: Work): Promise<Prepared> {
  const result = await prepareDevice(work)
  if (result.kind !== 'prepared') throw new Error(`${result.kind}: ${result.detail}`)
  return result
}

export async function refusal(work: Work): Promise<string> {
  const result = await prepareDevice(work)
  return result.kind === 'prepared' ? 'prepared' : `${result.kind}: ${result.detail}`
}

/** Collects what one device's work tells. */
export function listener() {
  const told: { what: string; part?: number | undefined; detail?: string | undefined }[] = []
  const tell: Work['tell'] = (what, part, detail) => void told.push({ what, part, detail })
  return { told, tell }
}
