/** The card file of an enrolment: the same oobm.toml for all new boards of a site. */
import { stringifyToml } from '../../../formats/toml-file.ts'
import type { Enrolment, Fleet } from '../../fleet/fleet-config.ts'
import type { SiteKeys } from './site-keys.ts'

/**
 * @param fleet with the keys that devices pin
 * @param site settings of the site, as a file has them
 */
export function renderCardFile(
  { relays, settings }: Fleet,
  { name }: Enrolment,
  { privateKey, siteSecret }: SiteKeys,
  site: Record<string, unknown>,
): string {
  return stringifyToml({
    version: 1,
    relays: relays.map(({ host, port, user, hostKeys }) => ({ host, port, user, hostKeys })),
    ...site,
    enrolment: { site: name },
    settings: { signers: settings.signers },
    secrets: { ...(site.secrets as object | undefined), enrolmentKey: privateKey, siteSecret },
  })
}
