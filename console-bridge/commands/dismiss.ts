/** `dismiss DEVICE [BY]`, the supervisor's: access to the device was switched off. */
import { SESSION_EXIT } from '../session/exit-codes.ts'
import type { Execute } from './command.ts'

export const dismissCommand: Execute<'dismiss'> = async ({ args: { DEVICE, BY } }, { consoles, stream }) => {
  const text = `access to ${DEVICE} was switched off${BY === undefined ? '' : ` by ${BY}`}`
  await Promise.all(consoles.map(console => console.dismiss(text)))
  await stream.print('dismissed')
  return SESSION_EXIT.ok
}
