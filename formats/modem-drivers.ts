/** The kernel's drivers of modems and phones that look like a network adapter. */

/** Those whose modem dials by itself, or by its own web page, and gives an address by DHCP. */
export const DHCP_MODEM_DRIVERS = [
  'cdc_eem',
  'cdc_ether',
  'cdc_ncm',
  'cdc_subset',
  'huawei_cdc_ncm',
  'ipheth',
  'rndis_host',
  'sierra_net',
] as const

/** Those that somebody must dial. */
const DIALLED_MODEM_DRIVERS = ['cdc_mbim', 'hso', 'option', 'qmi_wwan'] as const

export function isModemDriver(name: string): boolean {
  return [...DHCP_MODEM_DRIVERS, ...DIALLED_MODEM_DRIVERS].some(driver => driver === name)
}
