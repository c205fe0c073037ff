import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { cli } from '../running.ts'

const listed = (out: string): Manifest[] => (JSON.parse(out) as { items: Manifest[] }).items
const bootstrapped = (...argv: string[]) => cli('bootstrap', '--config', 'signalbox.config.ts', ...argv)

describe('bootstrap with packs', () => {
  it('without any it prints what is needed alone, and says nothing beside it', async () => {
    const { code, out, err } = await bootstrapped()
    expect([code, err]).toEqual([0, ''])
    expect(listed(out).some(({ apiVersion }) => apiVersion.startsWith('monitoring.'))).toBe(false)
  })

  it('prints what was named after the namespaces, with the CRDs that the List needs beside it', async () => {
    const { code, out, err } = await bootstrapped('--with', 'monitoring,access', '--release', 'kps')
    expect(code).toBe(0)
    expect(err).toBe(
      'signalbox: the List needs the CRDs podmonitors.monitoring.coreos.com, prometheusrules.monitoring.coreos.com; with `--context NAME` what has none is left out',
    )
    const of = (pack: string) => listed(out).filter(({ metadata }) => metadata.labels?.['signalbox.dev/pack'] === pack)
    expect(of('monitoring').map(({ kind }) => kind)).toEqual(['PodMonitor', 'PrometheusRule', 'ConfigMap'])
    expect(of('monitoring').every(({ metadata }) => metadata.labels?.['release'] === 'kps')).toBe(true)
    expect(of('access').length).toBeGreaterThan(0)
  })

  it('asks services how they are where a prober is named', async () => {
    const { out } = await bootstrapped('--with', 'monitoring', '--prober', 'blackbox.monitoring.svc:9115')
    expect(JSON.stringify(listed(out).find(({ kind }) => kind === 'ServiceMonitor'))).toContain(
      '"blackbox.monitoring.svc:9115"',
    )
  })

  it.each([
    [
      'a pack that is none',
      ['--with', 'monitoring,metrics'],
      /there is no metrics, but monitoring, sharing, access, istio/,
    ],
    ['a release that no label can be', ['--with', 'monitoring', '--release', 'a b'], /--release/],
    ['a prober without a port', ['--with', 'monitoring', '--prober', 'blackbox'], /host and port/],
    ['a prober that is a URL', ['--with', 'monitoring', '--prober', 'http://blackbox:9115'], /host and port/],
  ])('refuses %s', async (_, argv, why) => {
    const { code, err } = await bootstrapped(...argv)
    expect([code, err]).toEqual([2, expect.stringMatching(why)])
  })
})
