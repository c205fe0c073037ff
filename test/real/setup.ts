import type { TestProject } from 'vitest/node'
import { assets, cacheDir } from '../../local/rig/cache.ts'
import { rigDown, rigUp } from '../../local/rig/rig.ts'

/** Boots the rig that all files share, and ends it. Killed in between, the next rig sweeps it away. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const rig = await rigUp({
    name: `test-${process.pid}`,
    cacheDir,
    assets,
    owner: process.pid,
    log: (line) => console.log(line),
  })
  project.provide('kubeconfig', rig.kubeconfig)
  return () => rigDown(rig)
}

declare module 'vitest' {
  export interface ProvidedContext {
    kubeconfig: string
  }
}
