import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Registry } from '../../flows/ports.ts'

/** What every model registry promises. `point` sets or deletes (null) an alias, as a person does. */
export const registryContract = (
  name: string,
  open: () => Promise<{
    registry: Registry
    point(model: string, alias: string, version: string | null): Promise<void>
    close(): Promise<void>
  }>,
): void =>
  void describe(`${name} as a registry`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())
    const add = (tags: Record<string, string> = {}) =>
      opened.registry.register({ model: 'm', source: 's3://bucket/m', runId: null, tags })

    it('counts versions up and tells what an alias says now', async () => {
      expect([(await add()).version, (await add()).version]).toEqual(['1', '2'])
      await opened.point('m', 'champion', '2')
      expect(await opened.registry.alias('m', 'champion')).toMatchObject({
        name: 'm',
        version: '2',
        artifactUri: 's3://bucket/m',
        status: 'READY',
        runId: null,
      })
      await opened.point('m', 'champion', '1')
      expect((await opened.registry.alias('m', 'champion'))?.version).toBe('1')
      await opened.point('m', 'champion', null)
      expect(await opened.registry.alias('m', 'champion')).toBeNull()
      expect(await opened.registry.alias('nobody', 'champion')).toBeNull()
    })

    it('finds a version by a tag’s value, so that a repeated registration can look first', async () => {
      await add({ 'signalbox.dev/plan': 'p-1' })
      await add({ 'signalbox.dev/plan': 'p-2' })
      expect(await opened.registry.findByTag('m', 'signalbox.dev/plan', 'p-1')).toMatchObject({ version: '1' })
      expect(await opened.registry.findByTag('m', 'signalbox.dev/plan', 'p-3')).toBeNull()
      expect(await opened.registry.findByTag('nobody', 'signalbox.dev/plan', 'p-1')).toBeNull()
    })
  })
