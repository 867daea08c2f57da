/** A line of `oobm-relay status --follow`, checked: a relay may have been broken into. */
import * as z from 'zod'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { parseViews } from '../fleet-wide/ask-views.ts'

const lineSchema = z.object({ v: z.literal(1), views: z.array(z.unknown()), gone: z.array(z.string()) })

export interface News {
  views: DeviceView[]
  gone: string[]
}

/** @returns undefined for anything else */
export function parseLine(line: string, nowMs: number): News | undefined {
  try {
    const { views, gone } = lineSchema.parse(JSON.parse(line))
    return { views: parseViews(views, nowMs), gone }
  } catch {
    return undefined
  }
}
