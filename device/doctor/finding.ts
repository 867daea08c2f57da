/** What one check of `oobm doctor` finds, and how checks are kept from hanging. */
import * as z from 'zod'
import { errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'

export const findingSchema = z.object({
  /** What was checked: `relay.example.net port 443`. */
  what: z.string(),
  /** `warning`: works now, but may fail later; `skipped`: depends on something that is wrong, or this user may not check it. */
  result: z.enum(['ok', 'warning', 'wrong', 'skipped']),
  detail: z.string(),
  /** What to do; empty if nothing. */
  remedy: z.string(),
})

export type Finding = z.output<typeof findingSchema>

export const ok = (what: string, detail = ''): Finding => finding(what, 'ok', detail, '')
export const wrong = (what: string, detail: string, remedy: string): Finding => finding(what, 'wrong', detail, remedy)
export const warning = (what: string, detail: string, remedy: string): Finding =>
  finding(what, 'warning', detail, remedy)
export const skipped = (what: string, detail: string, remedy = ''): Finding => finding(what, 'skipped', detail, remedy)

/** Characters of a detail that are shown. */
const DETAIL_MAX = 500

/** A detail contains text from relays, ports and files: removes everything that a terminal would obey. */
function finding(what: string, result: Finding['result'], detail: string, remedy: string): Finding {
  return { what, result, detail: printable(detail, DETAIL_MAX), remedy }
}

/** A check never hangs: its signal is aborted at the limit, and its findings until then count. */
export interface Check {
  what: string
  run(report: (finding: Finding) => void, signal: AbortSignal): Promise<void>
}

/** Runs all checks at once, each for at most `limitMs`, and returns their findings in the order of the checks. */
export async function runChecks(checks: readonly Check[], limitMs: number, signal: AbortSignal): Promise<Finding[]> {
  const found = await Promise.all(checks.map(check => runCheck(check, limitMs, signal)))
  return found.flat()
}

async function runCheck(check: Check, limitMs: number, stopped: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = []
  const limit = new AbortController()
  const signal = AbortSignal.any([stopped, limit.signal])
  let open = true
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<void>(resolve => {
    timer = setTimeout(() => {
      if (open) findings.push(wrong(check.what, `no answer within ${limitMs / 1000} s`, 'check the network first'))
      open = false
      limit.abort()
      resolve()
    }, limitMs)
  })
  try {
    const report = (finding: Finding) => {
      if (open) findings.push(finding)
    }
    await Promise.race([check.run(report, signal), tooLong])
  } catch (err) {
    findings.push(
      wrong(check.what, `could not be checked: ${errorMessage(err)}`, 'report this as a defect of oobm doctor'),
    )
  } finally {
    open = false
    clearTimeout(timer)
  }
  return findings
}
