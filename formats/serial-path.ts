/** Facts about serial lines: which names change, and which speeds equipment has. */

/** For messages: a name that stays with the adapter, in whichever USB socket it is. */
export const STABLE_EXAMPLE = '/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0'

/** Whether the kernel numbers this name in the order in which it finds adapters: another adapter may have it tomorrow. */
export function isKernelNumbered(path: string): boolean {
  return /\/tty(USB|ACM)\d+$/.test(path)
}

/** Usual speeds of console ports, in bits per second. Any other is mostly a typing error (112500). */
const USUAL_SPEEDS: readonly number[] = [
  ...[300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600],
  // Systems on a chip: Rockchip's boot loaders, and what FTDI adapters have at their upper end.
  ...[1_000_000, 1_500_000, 2_000_000, 3_000_000],
]

/** @returns the usual speed that is nearest; undefined when this is one */
export function unusualSpeed(baudRate: number): number | undefined {
  if (USUAL_SPEEDS.includes(baudRate)) return undefined
  const distance = (speed: number) => Math.abs(Math.log(speed / baudRate))
  return USUAL_SPEEDS.reduce((best, speed) => (distance(speed) < distance(best) ? speed : best))
}
