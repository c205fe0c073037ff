import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sources, whoMayChange, whyAsked, whyNoAddress, whyNotAllowed } from '../../../core/policy/sources.ts'
import { type Config, PolicyError, parsePolicy } from '../../../core/policy.ts'
import { anyText } from '../../any-text.ts'
import example from '../../example.ts'

const results = { bucket: 'acme-results', prefix: 'results/' }
const policy = { results, sources: ['s3://acme-models/llama/', 'hf://meta-llama/', 'hf://acme/chat'] }
const COMMIT = 'a1'.repeat(20)

describe('where weights may come from', () => {
  it.each([
    's3://acme-results/results/pipeline-a-0123abcd-g1a1-train/model',
    's3://acme-models/llama/8b/',
    // The folder that the policy names may be one model's.
    's3://acme-models/llama/',
    's3://acme-models/llama',
    'hf://meta-llama/Llama-3.1-8B-Instruct',
    'meta-llama/Llama-3.1-8B-Instruct',
    'hf://acme/chat',
    'acme/chat',
    `hf://acme/chat@${COMMIT}`,
    `meta-llama/Llama-3.1-8B-Instruct@${COMMIT}`,
  ])('%s: from there', (source) => {
    expect([whyNoAddress(source), whyNotAllowed(source, policy)]).toEqual([null, null])
  })

  it.each([
    ['s3://acme-results/models/x/', 's3://acme-results/models/x/'],
    ['s3://acme-results/models/x', 's3://acme-results/models/'],
    ['s3://acme-models/llama-evil/x', 's3://acme-models/llama-evil/'],
    ['s3://acme-models.evil/llama/x', 's3://acme-models.evil/llama/'],
    ['hf://meta-llama-evil/x', 'hf://meta-llama-evil/x'],
    ['acme/chat-evil', 'hf://acme/chat-evil'],
    [`hf://evil/chat@${COMMIT}`, 'hf://evil/chat'],
  ])('%s: not from there, and what to allow is %s', (source, folder) => {
    expect(whyNoAddress(source)).toBeNull()
    const why = whyNotAllowed(source, policy)
    expect(why).toContain(`weights may not come from "${source}"`)
    expect(why).toContain(`add \`${folder}\` to sources`)
    expect(why).toContain('s3://acme-results/results/, s3://acme-models/llama/')
  })

  it('a whole bucket, a whole namespace and all results of an installation are no weights', () => {
    const all = { results, sources: ['s3://acme-models/', 'hf://meta-llama/'] }
    for (const source of ['s3://acme-models/', 'hf://meta-llama/']) expect(whyNotAllowed(source, all)).not.toBeNull()
    expect(whyNotAllowed('s3://acme-results/results/', all)).toContain('where all results lie')
  })

  it('from its own results alone where the policy says nothing', () => {
    expect(whyNotAllowed('s3://acme-results/results/a/model', { results })).toBeNull()
    expect(whyNotAllowed('meta-llama/Llama-3.1-8B', { results })).toContain('below none of s3://acme-results/results/.')
  })
})

describe('who approves is told who may put other weights there', () => {
  it.each(['s3://acme-models/llama/8b/', 's3://acme-results/models/x', 'hf://acme/chat', 'acme/chat'])(
    '%s',
    (source) => {
      expect(whoMayChange({ source }, policy)).toContain('decides what each pod loads when it starts')
    },
  )

  it('and of a repository what to write', () => {
    expect(whoMayChange({ source: 'acme/chat' }, policy)).toContain('register the version as `hf://acme/chat@COMMIT`')
  })

  it('and of what lies among our results with no pin, who registered it', () => {
    const source = 's3://acme-results/results/a/model'
    const open = `whoever may write to "${source}" decides what each pod loads when it starts`
    expect(whoMayChange({ source, unpinned: 'unknown' }, policy)).toMatch(
      /^not pinned, and not registered by a pipeline, .*: whoever may write to /,
    )
    expect(whoMayChange({ source, unpinned: 'pipeline' }, policy)).toBe(`not pinned: ${open}`)
  })

  it.each(['s3://acme-results/results/a/model', `hf://acme/chat@${COMMIT}`, `acme/chat@${COMMIT}`])(
    'not where it is pinned: %s',
    (source) => {
      expect(whoMayChange({ source }, policy)).toBeNull()
    },
  )
})

describe('somebody is asked about weights whatever they cost', () => {
  const source = 's3://acme-results/results/a/model'

  it('unless this ledger’s own pipeline has registered them, under a pin', () => {
    expect(whyAsked({ source, ours: true }, policy)).toBeNull()
  })

  it.each([
    ['that lie open', { source: 's3://acme-models/llama/8b/' }, 'not pinned: whoever may write to'],
    ['without a pin', { source, unpinned: 'pipeline' as const }, 'not pinned: whoever may write to'],
    ['whose tags may be copied', { source }, 'not proven to be what a pipeline registered here: whoever may write to'],
    ['of a commit', { source: `hf://acme/chat@${COMMIT}` }, 'not proven to be what a pipeline registered here'],
  ])('%s', (_, desired, said) => {
    expect(whyAsked(desired, policy)).toContain(said)
  })
})

describe('what is no address', () => {
  it.each([
    ['', 'is empty'],
    ['--model=attacker/x', 'begins with `-`'],
    ['-s3://acme-models/llama/x', 'begins with `-`'],
    ['s3://acme-models/llama/a b', 'has spaces'],
    ['s3://acme-models/llama/a\n--trust-remote-code', 'has spaces, or characters that are not seen'],
    ['s3://acme-models/llama/\u202egpj', 'has spaces, or characters that are not seen'],
    ['s3://acme-models/llama/../secret', 'leads elsewhere'],
    ['s3://acme-models/llama/./x', 'leads elsewhere'],
    ['s3://acme-models/llama//x', 'leads elsewhere'],
    ['../x', 'leads elsewhere'],
    ['s3://acme-models/llama/x?versionId=1', 'has a `?` or `#`'],
    ['s3://acme-models/llama/x#y', 'has a `?` or `#`'],
    ['s3://key:secret@acme-models/llama/x', 'has a name, a password or a port'],
    ['s3://acme-models:9000/llama/x', 'has a name, a password or a port'],
    ['s3://acme-models/llama/%2e%2e/x', 'has other characters'],
    ['s3://acme-models/llama/${HOME}', 'has other characters'],
    ['s3://acme-models/llama/\\..', 'has other characters'],
    ['s3://acme-models/llаma/x', 'has other characters'],
  ])('%j %s', (source, why) => {
    expect(whyNoAddress(source)).toContain(why)
    expect(whyNoAddress(source)).toContain('register the version again')
  })

  it('any text ends in an answer, and what is allowed is an argument that says nothing but where', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText({ maxLength: 60 }),
          fc.webUrl(),
          anyText().map((text) => `s3://acme-models/llama/${text}`),
        ),
        (source) => {
          const why = whyNoAddress(source) ?? whyNotAllowed(source, policy)
          if (why !== null) {
            expect(why).not.toMatch(/[\p{Cc}\p{Cf}]/u)
            return
          }
          expect(source).toMatch(/^[A-Za-z0-9]/)
          expect(source).not.toMatch(/\s|\.\.\/|[?#%$\\]/)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('what the policy may say of it', () => {
  const withSources = (given: unknown) => parsePolicy({ ...example, sources: given } as Config)

  it.each(['s3://acme-models/', 's3://acme-models/llama/8b/', 'hf://meta-llama/', 'hf://meta-llama/Llama-3.1-8B'])(
    '%s',
    (one) => {
      expect(withSources([one]).sources).toEqual([one])
    },
  )

  it.each([
    's3://acme-models',
    's3://acme-models/llama',
    's3://',
    's3:///',
    's3://acme-models/../x/',
    's3://acme-models/*/ /',
    'hf://',
    'hf:///x',
    'meta-llama/',
    'gs://acme-models/',
    'https://huggingface.co/meta-llama/',
    '-',
    '',
  ])('not %j, and what to write is said', (one) => {
    expect(() => withSources([one])).toThrow(PolicyError)
    expect(() => withSources([one])).toThrow(/sources\.0: write (a folder of S3|the folder itself)/)
  })

  it.each(['s3://acme-models/*/', 's3://acme-models/a?b/', 's3://acme-models/${aws:username}/', 'hf://meta-*/'])(
    'not the pattern %j: IAM would read it as one',
    (one) => {
      expect(() => withSources([one])).toThrow(/sources\.0: write the folder itself, .* IAM would; found "/)
    },
  )

  it('not so many that the role of what serves could not name them', () => {
    const folders = (many: number) => Array.from({ length: many }, (_, n) => `s3://acme-models-${n}/${'a'.repeat(60)}/`)
    expect(withSources(folders(69)).sources).toHaveLength(69)
    expect(() => withSources(folders(70))).toThrow(/sources: the role of what serves would need .* IAM takes 10240/)
    // What lies in the bucket of results is read already, and Hugging Face knows no IAM.
    const others = Array.from({ length: 50 }, (_, n) => [`s3://acme-results/${'a'.repeat(90)}${n}/`, `hf://a/${n}`])
    expect(withSources(others.flat()).sources).toHaveLength(100)
  })

  it('left out, it is not there: a release that knows it changes no policy', () => {
    const { sources: _, ...rest } = example
    expect(Object.keys(parsePolicy(rest))).not.toContain('sources')
    expect(sources).toBeDefined()
  })
})
