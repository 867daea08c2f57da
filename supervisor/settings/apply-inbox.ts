/** Where `oobm-apply` takes settings documents from. */
import type { Inbox } from './settings-delivery.ts'

/** For a device without `oobm-apply`: it says so, and nothing is applied. */
export const NO_INBOX: Inbox = {
  put: async () => 'the software of this device does not know signed settings',
  look: async () => undefined,
}
