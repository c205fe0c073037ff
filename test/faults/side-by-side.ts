/** Runs `work` on each item, so many side by side: some of a run's time is spent on files. */
export const sideBySide = async <T>(items: T[], width: number, work: (item: T) => Promise<void>): Promise<void> => {
  const queue = [...items]
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
    }),
  )
}

/** Every `stride`th call of a story from the `first` on, each before and after the far side did it. */
export const deathsOf = (calls: number, stride: number, first = 1): { at: number; when: 'before' | 'after' }[] =>
  Array.from({ length: Math.ceil((calls - first + 1) / stride) }, (_, index) => first + index * stride).flatMap(
    (at) => [
      { at, when: 'before' as const },
      { at, when: 'after' as const },
    ],
  )
