import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files of this pattern begin first, also where no earlier run has told how long each takes: no core waits for the other at the end. */
export const longestFirst = (pattern: RegExp): typeof BaseSequencer =>
  class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const sorted = await super.sort(files)
      const isLong = ({ moduleId }: TestSpecification): boolean => pattern.test(moduleId)
      return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
    }
  }
