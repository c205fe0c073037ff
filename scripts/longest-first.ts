import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes longest, by what it does and not by its length. */
const LONGEST = /test\/(model|faults)\/|journeys\/(deliveries|outages)|flows\/look/

/** The longest files begin first, also where no earlier run has told how long each takes: no core waits for the other at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification): boolean => LONGEST.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}
