import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Refused } from '../../flows/ports.ts'
import type { Registry } from '../../flows/registry-port.ts'

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

    it('tells the newest version and each by its number, with when it was made; none that is deleted, whose number nobody else gets', async () => {
      expect([await opened.registry.newest('m'), await opened.registry.version('m', '1')]).toEqual([null, null])
      await add()
      await add({ stage: 'candidate' })
      const newest = await opened.registry.newest('m')
      expect(newest).toMatchObject({ name: 'm', version: '2', source: 's3://bucket/m', tags: { stage: 'candidate' } })
      expect(newest?.made).toBeGreaterThan(Date.UTC(2026, 0, 1))
      expect(await opened.registry.version('m', '2')).toEqual(newest)
      expect(await opened.registry.version('m', '3')).toBeNull()
      await opened.call('DELETE', 'model-versions/delete', { name: 'm', version: '2' })
      expect(await opened.registry.version('m', '2')).toBeNull()
      expect((await opened.registry.newest('m'))?.version).toBe('1')
      expect((await add()).version).toBe('3')
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

    it.each([
      ['a name with a slash', { model: 'a/b' }, "Invalid model name 'a/b'. Names cannot contain '/' or ':'."],
      ['a name with a colon', { model: 'a:b' }, "Invalid model name 'a:b'. Names cannot contain '/' or ':'."],
      ['an empty name', { model: '' }, "Missing value for required parameter 'name'."],
      ['a name that is a folder', { model: '..' }, 'Names may be treated as files in certain cases'],
      ['no source', { source: '' }, "Missing value for required parameter 'source'."],
      ['a file of the server’s', { source: '/etc/passwd' }, 'To use a local path as a model version source'],
      ['a bucket without a path', { source: 's3://bucket' }, 'an absolute path must be provided'],
      ['a path that leads elsewhere', { source: 's3://bucket/m/../n' }, 'an absolute path must be provided'],
      ['an address to call', { source: 'https://example.org/m' }, "'source' cannot use the 'https' scheme"],
      ['another run', { source: 'runs:/one/m', runId: 'two' }, 'The run_id request parameter must identify'],
    ])('refuses %s for good, in its own words', async (_, wrong, words) => {
      const input = { model: 'm', source: 's3://bucket/m', runId: null, tags: { plan: 'p-1' }, ...wrong }
      const refused = opened.registry.register(input)
      await expect(refused).rejects.toBeInstanceOf(Refused)
      await expect(refused).rejects.toThrow(words)
      await expect(refused).rejects.toThrow('INVALID_PARAMETER_VALUE')
      expect(await opened.registry.findByTag(input.model, 'plan', 'p-1')).toBeNull()
    })

    it.each(['s3://bucket/a b/ü/', 'S3://bucket//m', 'hf://org/model', 'gs://bucket/m', 'minio://bucket/m'])(
      'takes %s as a source',
      async (source) => {
        const made = await opened.registry.register({ model: 'm', source, runId: null, tags: {} })
        expect(made).toMatchObject({ version: '1', source })
      },
    )

    it('refuses to be asked for what no alias and no stage can be called', async () => {
      await add()
      await expect(opened.registry.alias('m', 'a b')).rejects.toThrow("Invalid alias name: 'a b'")
      await expect(opened.registry.alias('a/b', 'champion')).rejects.toBeInstanceOf(Refused)
      await expect(opened.registry.inStage('m', 'live')).rejects.toThrow('Invalid Model Version stage: live')
      await expect(opened.registry.inStage('a:b', 'Production')).rejects.toBeInstanceOf(Refused)
      expect(await opened.registry.findByTag('a/b', 'plan', 'p-1')).toBeNull()
    })
  })
