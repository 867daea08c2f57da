/** Ages that go on by themselves: an element with a moment shows how long ago it was. */
import { h } from './dom.ts'
import type { Words } from './words.ts'

/** Milliseconds between two looks at all ages. */
const TICK_MS = 1_000

/** @param atMs undefined for what never was */
export function ageElement(atMs: number | undefined, words: Words): HTMLElement {
  if (atMs === undefined || !isMoment(atMs)) return h('span', { class: 'age' }, words.never)
  return h('time', { class: 'age', 'data-at': atMs, datetime: new Date(atMs).toISOString(), title: timeText(atMs) })
}

/** Fills in ages below an element now. */
export function fillAges(root: ParentNode, now: number, words: Words): void {
  for (const element of root.querySelectorAll<HTMLElement>('time[data-at]')) {
    const text = ageText(Number(element.dataset.at), now, words)
    if (element.textContent !== text) element.textContent = text
  }
}

export function keepAges(now: () => number, words: () => Words): void {
  setInterval(() => fillAges(document, now(), words()), TICK_MS)
}

/** In the largest unit alone; a clock that was set back since shows nothing below zero. */
export function ageText(atMs: number, now: number, { ages }: Words): string {
  const seconds = Math.max(0, Math.floor((now - atMs) / 1000))
  if (seconds < 60) return ages.ago(`${seconds}${ages.s}`)
  if (seconds < 3_600) return ages.ago(`${Math.floor(seconds / 60)}${ages.m}`)
  if (seconds < 86_400) return ages.ago(`${Math.floor(seconds / 3_600)}${ages.h}`)
  return ages.ago(`${Math.floor(seconds / 86_400)}${ages.d}`)
}

/** In UTC, as every time of this product. */
export function timeText(ms: number): string {
  if (!isMoment(ms)) return '–'
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A device may say any number; a Date is made of few of them (ECMA-262, 21.4.1.1). */
const isMoment = (ms: number) => Math.abs(ms) <= 8.64e15
