import type { V1PodSpec } from '@kubernetes/client-node'
import { expect, it } from 'vitest'
import { FETCHER, folderOf, withFetched } from '../../../core/workloads/fetching.ts'
import { RUNNER, type RunnerSource } from '../../../core/workloads/runner.ts'

const image = `acme/runner@sha256:${'a'.repeat(64)}`
const spec: V1PodSpec = {
  initContainers: [{ name: 'before', image }],
  containers: [
    { name: 'sglang', image, volumeMounts: [{ name: 'home', mountPath: '/home' }] },
    { name: 'beside', image },
  ],
  volumes: [{ name: 'home', emptyDir: {} }],
}
const fetch = { from: 's3://b/$(m)/', name: 'support-llama', most: null }
const made = (source: RunnerSource = { image }, one: Parameters<typeof withFetched>[1]['fetch'] = fetch) =>
  withFetched(spec, { container: 'sglang', source, fetch: one })

it('the program comes first, then by it the files; the engine reads them and nobody else does', () => {
  const { initContainers = [], containers, volumes = [] } = made()
  expect(initContainers.map(({ name }) => name)).toEqual(['before', RUNNER, FETCHER])
  expect(initContainers[2]?.command).toEqual([
    '/signalbox/bin/signalbox-run',
    'fetch',
    '/signalbox/in/support-llama',
    's3://b/$$(m)/',
  ])
  expect(containers[0]?.volumeMounts).toEqual([
    { name: 'home', mountPath: '/home' },
    { name: 'signalbox-weights', mountPath: '/signalbox/in', readOnly: true },
  ])
  expect(containers[1]).toEqual(spec.containers[1])
  expect(volumes.map(({ name }) => name)).toEqual(['home', RUNNER, 'signalbox-weights'])
  expect(folderOf(fetch)).toBe('/signalbox/in/support-llama')
})

it('what brings the program and what runs it see the same folder of it, and both are held like any container', () => {
  const [, bringer, fetcher] = made().initContainers ?? []
  expect(fetcher?.volumeMounts).toEqual([
    ...(bringer?.volumeMounts ?? []),
    { name: 'signalbox-weights', mountPath: '/signalbox/in' },
  ])
  for (const one of [bringer, fetcher])
    expect(one?.securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } })
})

it('where it is fetched from a bucket, it runs in the image that has fetched it', () => {
  const sha256 = { amd64: '1'.repeat(64), arm64: '2'.repeat(64) }
  const [, bringer, fetcher] = made({ image, uri: 's3://r/signalbox-run', sha256 }).initContainers ?? []
  expect(bringer?.command?.[0]).toBe('/bin/sh')
  expect(fetcher).toEqual(made().initContainers?.[2])
})

it('what has a bound is evicted beyond it', () => {
  const sizes = [made(), made({ image }, { ...fetch, most: 5 })].map(({ volumes }) => volumes?.at(-1)?.emptyDir)
  expect(sizes).toEqual([{}, { sizeLimit: '5Gi' }])
})
