/** A line's speed and framing as people write them. */
import type { ConsoleConfig } from '../../runtime/device-config.ts'

/** `9600 8N1`, with the flow control when there is any: `115200 8N1 rts-cts`. */
export function describeSettings({ baudRate, dataBits, parity, stopBits, flowControl }: ConsoleConfig): string {
  const framing = `${baudRate} ${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`
  return flowControl === 'none' ? framing : `${framing} ${flowControl}`
}
