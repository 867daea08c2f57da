/** The kernel's monotonic clock in milliseconds: the same number in every process of this machine, python's too. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
