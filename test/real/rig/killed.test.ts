import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, inject, it } from 'vitest'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { isRunning } from '../../../local/rig/processes.ts'
import { rigDown, rigs, rigUp } from '../../../local/rig/rig.ts'

const cacheDir = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'signalbox')
const RIG = fileURLToPath(new URL('../../../local/rig/rig.ts', import.meta.url))

/** Boots a rig in a process of its own, and kills that process once its API server has started. */
const killWhileBooting = async (name: string): Promise<void> => {
  const given = `{ ...${JSON.stringify({ name, cacheDir })}, owner: process.pid }`
  const code = `const { rigUp } = await import(${JSON.stringify(RIG)}); await rigUp(${given})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: 'ignore' })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const booting = (): boolean =>
    rigs(cacheDir).some((rig) => rig.name === name && rig.running.includes('kube-apiserver'))
  for (let waited = 0; waited < 60_000 && !booting(); waited += 20) await pause(20)
  expect(booting()).toBe(true)
  child.kill('SIGKILL')
  await gone
}

it('a rig whose owner was killed is swept away by the next one, which stands beside the rigs that are wanted', async () => {
  const [lost, next] = [`lost-${process.pid}`, `next-${process.pid}`]
  await killWhileBooting(lost)
  const left = rigs(cacheDir).find(({ name }) => name === lost)
  const rig = await rigUp({ name: next, cacheDir, owner: process.pid, namespaces: [] })
  try {
    expect(left?.programs.filter(isRunning)).toEqual([])
    expect(existsSync(left?.dir ?? '')).toBe(false)
    expect(rigs(cacheDir).find(({ name }) => name === next)?.running).toHaveLength(6)
    const shared = await openKubernetesCluster(loadKubeconfig({ file: inject('kubeconfig') }))
    expect((await shared.list('Node')).map(({ metadata }) => metadata.name)).toContain('cpu-0')
    await shared.close()
  } finally {
    await rigDown(rig)
  }
  expect(rig.programs.filter(isRunning)).toEqual([])
  expect(existsSync(rig.dir)).toBe(false)
})
