/** Every subject of system tests. */
import type { Subject } from './case.ts'
import { APPLIANCE } from './cases/appliance/subject.ts'
import { CONSOLE } from './cases/console/subject.ts'
import { SOAK } from './cases/faults/soak/subject.ts'
import { FAULTS } from './cases/faults/subject.ts'
import { FRESH } from './cases/fresh/subject.ts'
import { IMAGE } from './cases/image/subject.ts'
import { DEVICE_PACKAGE, RELAY_PACKAGE } from './cases/packages/subjects.ts'
import { PINS } from './cases/pins/subject.ts'
import { SETTINGS } from './cases/settings/subject.ts'
import { SITE } from './cases/site/subject.ts'
import { UPLINKS } from './cases/uplinks/subject.ts'
import { WIFI } from './cases/wifi/subject.ts'

export const SUBJECTS: readonly Subject<unknown>[] = [
  ...[IMAGE, APPLIANCE, CONSOLE, SETTINGS, UPLINKS, WIFI, SITE, PINS],
  ...[DEVICE_PACKAGE, RELAY_PACKAGE, FRESH],
  ...[FAULTS, SOAK],
]
