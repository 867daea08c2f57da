/** The ready-made alerts: a set for each kind of equipment. Of one set, the first rule that matches a line counts. */
import { IOS } from './ios.ts'
import { JUNOS } from './junos.ts'
import { LINUX } from './linux.ts'
import type { SetRule } from './set-rule.ts'

export const ALERT_SET_NAMES = ['ios', 'junos', 'linux'] as const

export type AlertSetName = (typeof ALERT_SET_NAMES)[number]

export const ALERT_SETS: Readonly<Record<AlertSetName, readonly SetRule[]>> = { ios: IOS, junos: JUNOS, linux: LINUX }
