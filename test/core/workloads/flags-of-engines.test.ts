import { expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import { ENGINE_NAMES } from '../../../core/workloads/engine-versions.ts'
import { ENGINES } from '../../../core/workloads/engines.ts'
import { FLAGS } from '../../../core/workloads/flags-of-engines.ts'

/** Flags that its pods are told, as it names them. */
const toldTo = (engine: (typeof ENGINE_NAMES)[number]): string[] => {
  const service = { gpusPerReplica: 4, maxModelLen: 8192 } as never
  const commit = 'a1'.repeat(20)
  const desired = { model: 'm', source: `hf://a/b@${commit}` } as ServeDesired
  return ENGINES[engine]
    .at(-1)!
    .args(desired, service)
    .flatMap((one) => /^--([^=]+)/.exec(one)?.[1] ?? [])
}

it.each(ENGINE_NAMES)('what decides which weights %s serves, where, and on what is not told it twice', (engine) => {
  const { said, loads } = FLAGS[engine]
  const free = toldTo(engine).filter((flag) => {
    const name = flag.replaceAll('_', '-')
    return !Object.hasOwn(said, name) && !Object.hasOwn(loads, name)
  })
  // How it works and what it counts may be other.
  expect(['disable-access-log-for-endpoints', 'enable-metrics', 'backend']).toEqual(expect.arrayContaining(free))
})
