import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  atDigest,
  BY_DIGEST,
  parseReference,
  printReference,
  taggedReference,
  WRITTEN,
} from '../../../core/images/reference.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`

/** References in all spellings that a policy takes. */
const part = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,2})[a-z0-9]{1,5}){0,2}$/)
const host = fc.oneof(
  fc.constantFrom('ghcr.io', 'GHCR.io', 'localhost', 'docker.io', 'index.docker.io', '127.0.0.1'),
  fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,4})?\.[a-z]{2,3}$/),
)
const port = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 1, max: 65_535 }).map((one) => `:${one}`),
)
const name = fc
  .tuple(fc.option(fc.tuple(host, port)), fc.array(part, { minLength: 1, maxLength: 4 }))
  .map(([at, parts]) => `${at === null ? '' : `${at.join('')}/`}${parts.join('/')}`)
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/)
const tagged = fc.tuple(name, tag).map((both) => both.join(':'))
const any = fc.oneof(
  tagged,
  tagged.map((one) => `${one}@${DIGEST}`),
  name.map((one) => `${one}@${DIGEST}`),
  name,
)

describe('an image’s whole name', () => {
  it.each([
    ['ubuntu:22.04', 'docker.io/library/ubuntu:22.04'],
    ['vllm/vllm-openai:v0.11.0', 'docker.io/vllm/vllm-openai:v0.11.0'],
    ['docker.io/ubuntu:22.04', 'docker.io/library/ubuntu:22.04'],
    ['index.docker.io/acme/x:1', 'docker.io/acme/x:1'],
    ['GHCR.io/acme/x:1', 'ghcr.io/acme/x:1'],
    ['localhost/x:1', 'localhost/x:1'],
    ['localhost:5000/x:1', 'localhost:5000/x:1'],
    ['registry:5000/a/b:1', 'registry:5000/a/b:1'],
    ['localhost:5000', 'docker.io/library/localhost:5000'],
    [`acme/x:1@${DIGEST}`, `docker.io/acme/x:1@${DIGEST}`],
  ])('of %s is %s', (text, whole) => expect(printReference(parseReference(text)!)).toBe(whole))

  it.each([
    '',
    'x:',
    ':1',
    'https://ghcr.io/a:1',
    'ghcr.io//a:1',
    'ghcr.io/a/:1',
    'Acme:1',
    'acme/Trainer:1',
    'a b:1',
    'a:1\n',
    `a@sha256:${'AB'.repeat(32)}`,
    'a@sha256:ab',
    `a:${'x'.repeat(129)}`,
    `${'a/'.repeat(130)}b:1`,
    '-x:1',
    'ghcr.io:/x:1',
    'ghcr.io:123456/x:1',
    '$x:1',
    DIGEST,
  ])('of %j there is none', (text) => expect(parseReference(text)).toBeNull())

  it('is whole: what is printed of it is the same again, whatever its spelling', () => {
    fc.assert(
      fc.property(any, (text) => {
        const found = parseReference(text)
        fc.pre(found !== null)
        expect(parseReference(printReference(found!))).toEqual(found)
      }),
    )
  })

  it('is known of every text that a policy takes for an image; of any text it is one, or none', () => {
    fc.assert(
      fc.property(fc.oneof(any, fc.string()), (text) => {
        const found = parseReference(text)
        if (WRITTEN.test(text) && text.length < 200) expect(found).not.toBeNull()
        // By digest hosts are written as clusters take them.
        if (found?.digest === null && found.tag !== null) expect(text).toMatch(WRITTEN)
      }),
    )
  })
})

describe('a tag’s digest in its place', () => {
  it('is an image as policies take it, of the same repository, with its name as it was written', () => {
    fc.assert(
      fc.property(tagged, (text) => {
        const reference = taggedReference(text)
        fc.pre(reference !== null)
        const pinned = atDigest(text, DIGEST)
        expect(pinned).toMatch(BY_DIGEST)
        expect(parseReference(pinned)).toEqual({ ...reference, tag: null, digest: DIGEST })
        expect(text.toLowerCase().startsWith(pinned.slice(0, pinned.indexOf('@')))).toBe(true)
      }),
    )
    expect(atDigest('vllm/vllm-openai:v0.11.0', DIGEST)).toBe(`vllm/vllm-openai@${DIGEST}`)
  })

  it('is none where a digest is said already, or no tag', () => {
    for (const text of [`a:1@${DIGEST}`, `a@${DIGEST}`, 'a', 'ghcr.io/acme/a']) expect(taggedReference(text)).toBeNull()
  })
})
