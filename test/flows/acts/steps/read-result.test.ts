import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../../core/kube.ts'
import type { Made } from '../../../../core/lane/made.ts'
import { readAhead, readResult, withMessage } from '../../../../flows/acts/steps/read-result.ts'
import { type Objects, TooLarge } from '../../../../flows/ports.ts'

const job = 'pipeline-chats-0123abcd-g1a1-train'
const made: Made = {
  ref: { kind: 'Job', namespace: 'training', name: job },
  uid: 'u',
  result: { bucket: 'b', key: `results/${job}-` },
}
/** A bucket whose later files are newer, and what was asked of it. */
const bucket = (files: Record<string, string>) => {
  const asked: string[] = []
  const headOf = (key: string) => ({
    size: 1,
    versionId: null,
    lastModified: Object.keys(files).indexOf(key),
    etag: `e-${key}`,
    sha256: null,
  })
  const objects: Objects = {
    head: async () => null,
    stream: async () => null,
    read: async (_, key) => {
      asked.push(`read ${key}`)
      const text = files[key]
      if (text === 'LARGE') throw new TooLarge('large')
      return text === undefined ? null : { bytes: Buffer.from(text), head: headOf(key) }
    },
    list: async (_, prefix, after) => {
      asked.push(`list ${prefix} ${after ?? ''}`)
      return Object.keys(files)
        .sort()
        .filter((key) => key.startsWith(prefix) && key > (after ?? ''))
        .slice(0, 3)
        .map((key) => ({ key, head: headOf(key) }))
    },
  }
  return { objects, asked }
}
const headOfNothing = { size: 1, versionId: null, lastModified: 1, etag: 'e', sha256: null }
const pod = (suffix: string, phase: string, { at = 0, message }: { at?: number; message?: string } = {}) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${job}-${suffix}`, creationTimestamp: new Date(at) },
    spec: { containers: [{ name: 'main' }, { name: 'sidecar' }] },
    status: {
      phase,
      containerStatuses: [
        { name: 'sidecar', state: { terminated: { exitCode: 0, message: '{"sidecar":1}' } } },
        { name: 'main', state: { terminated: { exitCode: 0, message } } },
      ],
    },
  }) as unknown as KubeObject<'Pod'>
const textOf = async (files: Record<string, string>, pods: KubeObject<'Pod'>[] = [], of = made) => {
  const { objects, asked } = bucket(files)
  const found = await readResult({ objects }, of, { pods })
  return { text: found === null ? null : Buffer.from(found.bytes).toString(), found, asked }
}
const file = (folder: string) => `results/${folder}/result.json`

describe('while the pod that succeeded is there', () => {
  it('its own folder alone is read, whatever lies beside it', async () => {
    const files = { [file(`${job}-aaaaa`)]: 'own', [file(`${job}-bbbbb`)]: 'forged', [file(job)]: 'forged' }
    const { text, found, asked } = await textOf(files, [pod('aaaaa', 'Succeeded'), pod('ccccc', 'Failed')])
    expect(text).toBe('own')
    expect(found?.at).toEqual({ bucket: 'b', key: file(`${job}-aaaaa`) })
    expect(asked).toEqual([`read ${file(`${job}-aaaaa`)}`, `list results/${job}-aaaaa/ `])
    expect(found?.beside).toMatchObject({ folder: `results/${job}-aaaaa/`, versions: false })
  })

  it('nothing in it is no result: no other folder is taken in its place', async () => {
    const { found } = await textOf({ [file(`${job}-bbbbb`)]: 'forged' }, [pod('aaaaa', 'Succeeded')])
    expect(found).toBeNull()
  })

  it('of several the newest counts', async () => {
    const files = { [file(`${job}-aaaaa`)]: 'second', [file(`${job}-bbbbb`)]: 'first' }
    const pods = [pod('bbbbb', 'Succeeded', { at: 1000 }), pod('aaaaa', 'Succeeded', { at: 2000 })]
    expect((await textOf(files, pods)).text).toBe('second')
  })

  it('its main container’s termination message counts where it wrote no file, and never before one', async () => {
    const said = [pod('aaaaa', 'Succeeded', { message: '{"own":1}' })]
    expect(await textOf({}, said)).toMatchObject({ text: '{"own":1}', found: { by: 'message', etag: null } })
    expect(await textOf({ [file(`${job}-aaaaa`)]: 'own' }, said)).toMatchObject({ text: 'own', found: { by: 'file' } })
    expect((await textOf({}, [pod('aaaaa', 'Succeeded', { message: 'all well' })])).found).toBeNull()
    expect((await textOf({}, [pod('aaaaa', 'Failed', { message: '{"own":1}' })])).found).toBeNull()
  })

  it('one that is too large is handed on as such: the parser says why', async () => {
    const { found } = await textOf({ [file(`${job}-aaaaa`)]: 'LARGE' }, [pod('aaaaa', 'Succeeded')])
    expect(found?.bytes.length).toBe(64 * 1024 + 1)
  })
})

describe('once no pod of it is there', () => {
  it('what its last pod had said is known where that was kept, below its own folder and in place of no other', async () => {
    const said = pod('aaaaa', 'Succeeded', { at: 2000, message: '{"own":1}' })
    const kept = withMessage(made, [pod('bbbbb', 'Succeeded', { at: 1000, message: '{"other":1}' }), said])
    expect(kept.message).toEqual({ pod: `${job}-aaaaa`, text: '{"own":1}' })
    expect(await textOf({ [file(`${job}-bbbbb`)]: 'forged' }, [], kept)).toMatchObject({
      text: '{"own":1}',
      found: { by: 'message', at: { bucket: 'b', key: file(`${job}-aaaaa`) } },
    })
    expect((await textOf({ [file(`${job}-aaaaa`)]: 'own' }, [], kept)).text).toBe('own')
    expect(withMessage(made, [pod('aaaaa', 'Failed', { message: '{"own":1}' }), pod('c', 'Succeeded')])).toBe(made)
  })

  it.each([
    ['its Job’s name', job],
    ['a longer name', `${job}-aaaaaa`],
    ['a shorter name', `${job}-aaaa`],
    ['capitals', `${job}-AAAAA`],
    ['a pod of another Job, whose name begins with this one', `${job}-aaaaa-bbbbb`],
    ['a folder in a folder', `${job}-/aaaaa`],
    ['a folder in another pod’s', `other-aaaaa/${job}-aaaaa`],
  ])('%s is no name that a pod of it can have, however new what lies there', async (_, folder) => {
    const files = { [file(`${job}-honst`)]: 'honest', [file(folder)]: 'forged' }
    expect((await textOf(files)).text).toBe('honest')
    expect((await textOf({ [file(folder)]: 'forged' })).found).toBeNull()
  })

  it('the newest of its pods’ folders counts, and what a training has made is not listed through', async () => {
    const shards = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`results/${job}-aaaaa/model/${n}`, 'x']))
    const files = { ...shards, [file(`${job}-aaaaa`)]: 'first', [file(`${job}-bbbbb`)]: 'second' }
    const { text, asked } = await textOf(files)
    expect(text).toBe('second')
    expect(asked.filter((one) => one.startsWith('list'))).toHaveLength(3)
  })

  it('a Job of an earlier release has its one file, pods or none', async () => {
    const old = { ...made, result: { bucket: 'b', key: file(job) } }
    for (const pods of [[], [pod('aaaaa', 'Succeeded', { message: '{"x":1}' })]])
      expect((await textOf({ [file(job)]: 'old', [file(`${job}-aaaaa`)]: 'new' }, pods, old)).text).toBe('old')
  })
})

describe('a pod that was seen at work', () => {
  const key = `results/${job}-abcde/result.json`
  const ahead = (files: Record<string, string>) => {
    const { objects, asked } = bucket(files)
    return { asked, objects, reads: readAhead({ objects }, { made, pod: `${job}-abcde` }) }
  }

  it('has its result read while it is asked whether it has ended, once', async () => {
    const { objects, asked, reads } = ahead({ [key]: 'early' })
    expect(asked).toContain(`read ${key}`)
    const before = asked.length
    const found = await readResult({ objects }, made, { pods: [pod('abcde', 'Succeeded')], reads })
    expect([Buffer.from(found?.bytes ?? '').toString(), asked.length]).toEqual(['early', before])
  })

  it('and had written none yet is read again', async () => {
    const files: Record<string, string> = {}
    const { objects, reads } = ahead(files)
    await reads({ bucket: 'b', key })
    files[key] = 'late'
    const found = await readResult({ objects }, made, { pods: [pod('abcde', 'Succeeded')], reads })
    expect(Buffer.from(found?.bytes ?? '').toString()).toBe('late')
  })

  it('and has more than a page of objects beside its result has that page listed once, and what it names by name', async () => {
    const page = Array.from({ length: 1000 }, (_, n) => ({
      key: `results/${job}-abcde/model/${n}`,
      head: headOfNothing,
    }))
    const { objects, asked } = bucket({ [key]: 'early' })
    const large = {
      ...objects,
      list: async (...at: Parameters<Objects['list']>) => {
        await objects.list(...at)
        return page
      },
    }
    const reads = readAhead({ objects: large }, { made, pod: `${job}-abcde` })
    const found = await readResult({ objects: large }, made, { pods: [pod('abcde', 'Succeeded')], reads })
    expect([Buffer.from(found?.bytes ?? '').toString(), found?.beside]).toEqual(['early', null])
    expect(asked.filter((one) => one.startsWith('list'))).toHaveLength(1)
  })

  it('is not believed where another one has ended well', async () => {
    const other = `results/${job}-fghij/result.json`
    const { objects, reads } = ahead({ [key]: 'early', [other]: 'other' })
    const found = await readResult({ objects }, made, { pods: [pod('fghij', 'Succeeded')], reads })
    expect(Buffer.from(found?.bytes ?? '').toString()).toBe('other')
  })

  it('whose folder was listed before its result came is listed again: what it made may have come in between', async () => {
    const files: Record<string, string> = { [key]: 'r', [`results/${job}-abcde/a/weights`]: 'w' }
    const { objects } = bucket(files)
    let lists = 0
    const list: Objects['list'] = async (...where) => (lists++ === 0 ? [] : objects.list(...where))
    const late = { ...objects, list }
    const reads = readAhead({ objects: late }, { made, pod: `${job}-abcde` })
    const found = await readResult({ objects: late }, made, { pods: [pod('abcde', 'Succeeded')], reads })
    expect(found?.beside?.found.map((one) => one.key)).toContain(`results/${job}-abcde/a/weights`)
  })
})

describe('what an earlier Job of the same name has written, which a restored ledger has forgotten', () => {
  it('is not its result: it is older than the Job', async () => {
    const files = { [file(`${job}-aaaaa`)]: 'earlier' }
    const at = (minutes: number): Made => ({ ...made, at: minutes * 60_000 })
    expect((await textOf(files, [], at(60))).text).toBeNull()
    // Clocks differ by less.
    expect((await textOf(files, [], at(4))).text).toBe('earlier')
  })
})

describe('the result of a gang', () => {
  const ranked = (rank: number, name: string): KubeObject<'Pod'> => {
    const one = pod(`${rank}-${name}`, 'Succeeded')
    const annotations = { 'batch.kubernetes.io/job-completion-index': String(rank) }
    return { ...one, metadata: { ...one.metadata, annotations } }
  }

  it('is that of its first pod, whoever else has written one', async () => {
    const files = { [file(`${job}-0-aaaaa`)]: 'first', [file(`${job}-1-bbbbb`)]: 'second' }
    expect((await textOf(files, [ranked(1, 'bbbbb'), ranked(0, 'aaaaa')])).text).toBe('first')
  })

  it('is still read where that one went with its node, and the others are there', async () => {
    const files = { [file(`${job}-0-aaaaa`)]: 'first' }
    expect((await textOf(files, [ranked(1, 'bbbbb'), ranked(2, 'ccccc')])).text).toBe('first')
    expect((await textOf({}, [ranked(0, 'aaaaa'), ranked(1, 'bbbbb')])).text).toBeNull()
  })
})
