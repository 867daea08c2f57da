/** Days as a budget has them: they begin at an hour of a time zone; pure. */

export interface DaySettings {
  /** 0 to 23. */
  hour: number
  /** `Europe/Berlin`. */
  zone: string
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The number of the day, which only goes up: days since 1970 on that zone's calendar. */
export function dayOf(wallMs: number, { hour, zone }: DaySettings): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric' },
  }).formatToParts(wallMs)
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find(part => part.type === type)?.value)
  const day = Date.UTC(number('year'), number('month') - 1, number('day')) / DAY_MS
  return number('hour') < hour ? day - 1 : day
}

/** When the next day begins. It is looked for: the length of a day changes with summer time. */
export function nextDayMs(wallMs: number, settings: DaySettings): number {
  const today = dayOf(wallMs, settings)
  let [low, high] = [wallMs, wallMs + DAY_MS + 2 * HOUR_MS]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (dayOf(middle, settings) > today) high = middle
    else low = middle
  }
  return high
}
