import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Registry } from '../../flows/ports.ts'

/** What every model registry promises. `call` is MLflow's REST API, as people and pipelines use it. */
export const registryContract = (
  name: string,
  open: () => Promise<{
    registry: Registry
    call(method: string, path: string, input: Record<string, unknown>): Promise<unknown>
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
    const point = (alias: string, version: string) =>
      opened.call('POST', 'registered-models/alias', { name: 'm', alias, version })
    const move = (version: string, stage: string) =>
      opened.call('POST', 'model-versions/transition-stage', {
        name: 'm',
        version,
        stage,
        archive_existing_versions: false,
      })

    it('counts versions up and tells what an alias says now', async () => {
      expect([(await add()).version, (await add()).version]).toEqual(['1', '2'])
      await point('champion', '2')
      expect(await opened.registry.alias('m', 'champion')).toMatchObject({
        name: 'm',
        version: '2',
        source: 's3://bucket/m',
        artifactUri: 's3://bucket/m',
        status: 'READY',
        runId: null,
        tags: {},
      })
      await point('champion', '1')
      expect((await opened.registry.alias('m', 'champion'))?.version).toBe('1')
      await opened.call('DELETE', 'registered-models/alias', { name: 'm', alias: 'champion' })
      expect(await opened.registry.alias('m', 'champion')).toBeNull()
      expect(await opened.registry.alias('nobody', 'champion')).toBeNull()
    })

    it('finds the newest version that carries a tag’s value, so that a repeated registration can look first', async () => {
      await add({ 'signalbox.dev/plan': 'p-1', team: "ana's" })
      await add({ 'signalbox.dev/plan': 'p-2' })
      expect(await opened.registry.findByTag('m', 'signalbox.dev/plan', 'p-1')).toMatchObject({
        version: '1',
        tags: { 'signalbox.dev/plan': 'p-1', team: "ana's" },
      })
      expect(await opened.registry.findByTag('m', 'team', "ana's")).toMatchObject({ version: '1' })
      expect(await opened.registry.findByTag('m', 'signalbox.dev/plan', 'p-3')).toBeNull()
      expect(await opened.registry.findByTag('nobody', 'signalbox.dev/plan', 'p-1')).toBeNull()
      await opened.call('POST', 'model-versions/set-tag', { name: 'm', version: '2', key: 'team', value: "ana's" })
      expect(await opened.registry.findByTag('m', 'team', "ana's")).toMatchObject({ version: '2' })
      await opened.call('DELETE', 'model-versions/delete-tag', { name: 'm', version: '2', key: 'team' })
      expect(await opened.registry.findByTag('m', 'team', "ana's")).toMatchObject({ version: '1' })
    })

    it('tells the newest version in a stage', async () => {
      await add()
      await add()
      expect(await opened.registry.inStage('m', 'Production')).toBeNull()
      await move('1', 'Production')
      expect(await opened.registry.inStage('m', 'Production')).toMatchObject({ version: '1' })
      await move('2', 'Production')
      expect(await opened.registry.inStage('m', 'Production')).toMatchObject({ version: '2' })
      await move('2', 'Archived')
      expect(await opened.registry.inStage('m', 'Production')).toMatchObject({ version: '1' })
      expect(await opened.registry.inStage('nobody', 'Production')).toBeNull()
    })
  })
