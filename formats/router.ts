/** What the programs of a local address hand to each other: what `oobm-router` is to do there, and what it says of itself. */
import * as z from 'zod'
import { heartbeatSchema } from '../runtime/boot-clock.ts'

/** What a client is told of its first installation; who it is, is `mac` or `vendorClass`. */
export const installationSpecSchema = z.object({
  mac: z.string().optional(),
  vendorClass: z.string().optional(),
  /** The header's next server (siaddr). */
  nextServer: z.string(),
  /** Option 66. */
  tftpServerName: z.string().optional(),
  /** Option 67, and the header's file. */
  bootFile: z.string().optional(),
  /** Option 150. */
  tftpServers: z.array(z.string()),
  /** Option 43, in hexadecimal digits. */
  vendorOptions: z.string().optional(),
})

/** `/run/oobm-provision/router-ADDRESS`, written at boot and after new settings: the unit runs where there is one. */
export const routerSpecSchema = z.object({
  version: z.literal(1),
  interface: z.string(),
  /** Without its length. */
  address: z.string(),
  prefixLength: z.int(),
  /** Hosts there are led out (role `router`). */
  routes: z.boolean(),
  /** The first and the last address for hosts; null where there is no DHCP server. */
  dhcp: z.object({ first: z.string(), last: z.string() }).nullable(),
  installations: z.array(installationSpecSchema),
})

/** `status.json` in the folder of an address: for everybody to read. */
export const routerStatusSchema = z.object({
  version: z.literal(1),
  heartbeat: heartbeatSchema,
  interface: z.string(),
  address: z.string(),
  routes: z.boolean(),
  /** The way out of the hosts now; null while there is none. */
  uplink: z
    .object({
      name: z.string(),
      why: z.string(),
      /** Kilobits a second that the shaper leaves; null where only the order of packets is settled. */
      kbit: z.object({ up: z.int(), down: z.int() }).nullable(),
    })
    .nullable(),
  /** What keeps it from its work, in sentences. */
  problems: z.array(z.string()),
  dns: z.array(z.string()),
  dhcp: z
    .object({ first: z.string(), last: z.string(), leases: z.int(), otherServers: z.array(z.string()) })
    .nullable(),
  /** Bytes of hosts since the start. */
  upBytes: z.int(),
  downBytes: z.int(),
  refusedPackets: z.int(),
  /** Of the present way out; null where it has none. `zone` is that of its hour. */
  budget: z.object({ bytes: z.int(), usedBytes: z.int(), resetsAt: z.int(), zone: z.string() }).nullable(),
})

export type InstallationSpec = z.output<typeof installationSpecSchema>
export type RouterSpec = z.output<typeof routerSpecSchema>
export type RouterStatus = z.output<typeof routerStatusSchema>

/** Below which each local address has a folder while `oobm-router@ADDRESS` runs. */
export function routerRuntimeDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_ROUTER_RUNTIME_DIRECTORY ?? '/run/oobm-router'
}

/** What outlives a start: bytes of the day. */
export function routerStateDirectory(env: NodeJS.ProcessEnv): string {
  return env.OOBM_ROUTER_STATE ?? '/var/lib/oobm-router'
}

/** Below /run/oobm-provision. */
export function routerSpecName(address: string): string {
  return `router-${address}`
}
