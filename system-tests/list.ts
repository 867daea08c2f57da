/** What there is to run, as text; pure. */
import type { Subject } from './case.ts'
import { MACHINES, type MachineName, type Options } from './options.ts'

/** Subjects by machine; with their cases where a machine is named. */
export function describeSubjects(subjects: readonly Subject<unknown>[], options?: Options): string {
  const on = (machine: MachineName) => subjects.filter(subject => subject.on.includes(machine))
  if (options === undefined) {
    const lines = MACHINES.map(
      machine =>
        `  ON=${machine}: ${on(machine)
          .map(({ name }) => name)
          .join(', ')}`,
    )
    return [...lines, '', ...subjects.map(({ name, about }) => `  ${name.padEnd(15)} ${about}`)].join('\n')
  }
  const cases = (subject: Subject<unknown>) => subject.cases(options).map(({ name }) => `  ${subject.name}: ${name}`)
  return on(options.on).flatMap(cases).join('\n')
}
