/** The boards that wait, for people: pure. What boards and relays say is made harmless. */
import { describeAge } from '../../../cli/times.ts'
import { printable } from '../../../runtime/printable.ts'
import type { WaitingBoard } from './judge-requests.ts'

export function describeBoard(board: WaitingBoard, nowMs: number): string[] {
  const { request, fingerprint, relays, atMs, rejected, device } = board
  const state = device !== undefined ? `, accepted as ${device}` : rejected ? ', rejected' : ''
  const adapters = request.adapters.map(({ usb, product, serial }) =>
    printable(`${usb}  ${product || 'adapter'}${serial === '' ? '' : ` (${serial})`}`),
  )
  return [
    `${request.board}  of ${request.site}, asked ${describeAge(atMs, nowMs)} at ${relays.join(', ')}${state}`,
    `  fingerprint  ${fingerprint}`,
    `  software     ${printable(request.software)}`,
    ...(adapters.length === 0
      ? ['  adapters     none']
      : adapters.map((line, at) => `  ${at === 0 ? 'adapters   ' : '           '}  ${line}`)),
  ]
}
