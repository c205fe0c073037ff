import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Lock } from '../../../core/images/lock.ts'
import { namesTags, pinned } from '../../../core/images/pinned.ts'
import { nextLock, pinRow } from '../../../core/images/pinning.ts'
import { imagesIn, wantedImages } from '../../../core/images/places.ts'
import { type Config, type PolicyError, parsePolicy } from '../../../core/policy.ts'
import example from '../../../signalbox.config.ts'

const config = example as Config
const [PIPELINE, SERVICE] = ['support-chats', 'support-llama']
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const locked = (of: string, platforms = ['linux/amd64']) => ({ digest: of, platforms, from: 'x', resolved: 'y' })

/** The example with other images. */
const withImages = ({
  train,
  serve,
  gate,
  pod,
}: {
  train?: string
  serve?: string
  gate?: string
  pod?: object
}): Config => {
  const next = structuredClone(config)
  const stage = next.pipelines![PIPELINE]!.stages[0]!
  const service = next.services![SERVICE]!
  stage.image = train ?? stage.image
  service.image = serve ?? service.image
  service.gate.image = gate ?? service.gate.image
  if (pod !== undefined) stage.pod = pod
  return next
}
const problemsOf = (value: unknown): string[] => {
  try {
    parsePolicy(value)
    return []
  } catch (error) {
    return (error as PolicyError).problems
  }
}

describe('a config with a lock', () => {
  it('that names digests alone is the very same, and so is its policy, whatever lies in the lock', () => {
    const result = pinned(config, { 'docker.io/vllm/vllm-openai:v1': locked(digest('a')) })
    expect(result.config).toBe(config)
    expect(namesTags(config)).toBe(false)
  })

  it('whose tags are pinned is, to the byte, the policy of who wrote the digests', () => {
    const lock: Lock = {
      'ghcr.io/acme/trainer:1.4': locked(digest('a')),
      'docker.io/vllm/vllm-openai:v0.18.0': locked(digest('b')),
      'docker.io/library/busybox:1': locked(digest('c')),
      'ghcr.io/acme/weights:1': locked(digest('d'), []),
    }
    const pod = (side: string, weights: string) => ({
      initContainers: [{ name: 'side', image: side, resources: { requests: { cpu: '1' } } }],
      volumes: [{ name: 'weights', image: { reference: weights } }],
    })
    const tags = withImages({
      train: 'GHCR.io/acme/trainer:1.4',
      serve: 'vllm/vllm-openai:v0.18.0',
      gate: 'docker.io/vllm/vllm-openai:v0.18.0',
      pod: pod('busybox:1', 'ghcr.io/acme/weights:1'),
    })
    const digests = withImages({
      train: `ghcr.io/acme/trainer@${digest('a')}`,
      serve: `vllm/vllm-openai@${digest('b')}`,
      gate: `docker.io/vllm/vllm-openai@${digest('b')}`,
      pod: pod(`busybox@${digest('c')}`, `ghcr.io/acme/weights@${digest('d')}`),
    })
    const before = structuredClone(tags)
    const result = pinned(tags, lock)
    expect(result.problems).toEqual([])
    expect(JSON.stringify(result.config)).toBe(JSON.stringify(digests))
    expect(parsePolicy(result.config).version).toBe(parsePolicy(digests).version)
    expect(tags).toEqual(before)
  })

  it('has no policy while a tag is in no lock, and says where and what to run', () => {
    const tags = withImages({
      train: 'ghcr.io/acme/trainer:1.4',
      pod: { initContainers: [{ name: 'a', image: 'busybox:1' }] },
    })
    const result = pinned(tags, { 'ghcr.io/acme/trainer:1.5': locked(digest('a')) })
    const problems = problemsOf(result.config)
    for (const path of ['image', 'pod.initContainers.0.image'])
      expect(problems).toContainEqual(
        expect.stringMatching(
          new RegExp(
            `^pipelines\\.${PIPELINE}\\.stages\\.0\\.${path}: nobody has looked up which digest that tag has: run \`npx signalbox pin\``,
          ),
        ),
      )
  })

  it('without a tag or a digest is told to say one', () => {
    const tags = withImages({ train: 'ghcr.io/acme/trainer' })
    expect(namesTags(tags)).toBe(false)
    expect(problemsOf(tags)[0]).toContain('or write its tag, `repository:TAG`, and run `npx signalbox pin`')
  })

  it.each<[string, string[], (c: Config) => void, string[]]>([
    [
      'an image of Arm alone on a pool of x86',
      ['linux/arm64'],
      () => undefined,
      ['pipelines.support-chats.stages.0.image'],
    ],
    [
      'an image of x86 alone on a pool of Arm',
      ['linux/amd64'],
      (c) => {
        c.pools['gpu-train']!.instanceType = 'p6e-gb200.36xlarge'
      },
      ['pipelines.support-chats.stages.0.image'],
    ],
    [
      'an alternative on a pool of Arm',
      ['linux/amd64'],
      (c) => {
        c.pools['gpu-arm'] = { ...c.pools['gpu-train']!, instanceType: 'p6e-gb200.36xlarge' }
        c.pipelines![PIPELINE]!.alternatives = { grace: { stages: { train: { pool: 'gpu-arm' } } } }
      },
      ['pipelines.support-chats.stages.0.image'],
    ],
    ['an image of both', ['linux/amd64', 'linux/arm64'], () => undefined, []],
  ])('%s: refused where it is named', (_, platforms, change, paths) => {
    const tags = withImages({ train: 'ghcr.io/acme/trainer:1.4' })
    change(tags)
    const { problems } = pinned(tags, { 'ghcr.io/acme/trainer:1.4': locked(digest('a'), platforms) })
    expect(problems.map((one) => one.split(':')[0])).toEqual(paths)
    for (const one of problems)
      expect(one).toMatch(/ghcr\.io\/acme\/trainer:1\.4 is not for its pool: it does not run on linux/)
  })
})

describe('the images of a config', () => {
  it('are found in its order, each once by its whole name, with all places', () => {
    const tags = withImages({ serve: 'vllm/vllm-openai:v1', gate: 'docker.io/vllm/vllm-openai:v1', train: 'a/z:1' })
    expect(wantedImages(tags)).toMatchObject([
      { image: 'docker.io/a/z:1', paths: ['pipelines.support-chats.stages.0.image'] },
      {
        image: 'docker.io/vllm/vllm-openai:v1',
        paths: ['services.support-llama.image', 'services.support-llama.gate.image'],
      },
    ])
  })

  it('have that of signalbox-run, for the processors of all pools whose stages it goes before', () => {
    const of = (...wrapped: ('gpu-train' | 'gpu-serve')[]) => {
      const tags = structuredClone(config)
      tags.runner = { image: 'acme/runner:1' }
      tags.pools['gpu-train']!.instanceType = 'p6e-gb200.36xlarge'
      const [stage] = tags.pipelines![PIPELINE]!.stages
      tags.pipelines![PIPELINE]!.stages = wrapped.map((pool) => ({
        ...stage!,
        pool,
        name: pool,
        runner: { inputs: [] },
      }))
      return imagesIn(tags)[0]
    }
    const at = { path: ['runner', 'image'], text: 'acme/runner:1' }
    expect(of()).toEqual({ ...at, needs: [] })
    expect(of('gpu-train')).toEqual({ ...at, needs: [['linux/arm64']] })
    expect(of('gpu-train', 'gpu-serve')).toEqual({ ...at, needs: [['linux/amd64'], ['linux/arm64']] })
  })

  it('of anything at all are found without an error, and nothing else of it is touched', () => {
    const shape = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom('a/b:1', 'x', null, 7),
        fc.array(tie('any'), { maxLength: 3 }),
        tie('map'),
      ),
      map: fc.dictionary(
        fc.constantFrom(
          'pipelines',
          'runner',
          'services',
          'pools',
          'stages',
          'image',
          'gate',
          'pod',
          'containers',
          'volumes',
          'pool',
          '__proto__',
          'a',
        ),
        tie('any'),
        { maxKeys: 4 },
      ),
    })).any
    fc.assert(
      fc.property(shape, (value) => {
        const text = JSON.stringify(value)
        const places = imagesIn(value)
        const { config: next } = pinned(value, { 'docker.io/a/b:1': locked(digest('a')) })
        expect(JSON.stringify(value)).toBe(text)
        const tags = places.filter((one) => one.text === 'a/b:1').length
        expect((JSON.stringify(next) ?? '').split(`a/b@${digest('a')}`).length - 1).toBe(tags)
      }),
    )
  })
})

describe('what becomes of a lock', () => {
  const wanted = wantedImages(withImages({ train: 'a/z:1', serve: 'a/y:1', gate: 'a/x:1' }))
  const found = (of: string, platforms = ['linux/amd64']) => ({ found: { digest: of, platforms, from: 'now' } })
  const lock: Lock = {
    'docker.io/a/z:1': locked(digest('a')),
    'docker.io/a/y:1': locked(digest('b')),
    'docker.io/old:1': locked(digest('c')),
  }

  it('what is as it was keeps its time; what moved has another; what nothing names is gone; what failed stays', () => {
    const looked = [found(digest('e')), { why: 'away' }, found(digest('a'))]
    const rows = wanted.map((one, at) => pinRow(one, lock, looked[at]!))
    expect(rows.map(({ image, state }) => `${image} ${state}`)).toEqual([
      'docker.io/a/x:1 pinned',
      'docker.io/a/y:1 failed',
      'docker.io/a/z:1 same',
    ])
    expect(nextLock({ lock, wanted }, rows, 'now')).toEqual({
      'docker.io/a/x:1': { ...locked(digest('e')), from: 'now', resolved: 'now' },
      'docker.io/a/y:1': locked(digest('b')),
      'docker.io/a/z:1': locked(digest('a')),
    })
    expect(
      nextLock({ lock, wanted }, [pinRow(wanted[2]!, lock, found(digest('f')))], 'now')['docker.io/a/z:1'],
    ).toEqual({
      ...locked(digest('f')),
      from: 'now',
      resolved: 'now',
    })
  })

  it('what does not run where it is named is not taken', () => {
    const row = pinRow(wanted[2]!, lock, found(digest('f'), ['linux/arm64']))
    expect(row).toMatchObject({ state: 'failed', found: null })
    expect(row.why).toContain(
      'it does not run on linux/amd64: it has linux/arm64; it is named at pipelines.support-chats',
    )
  })
})
