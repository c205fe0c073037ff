import { describe, expect, it } from 'vitest'
import { type AskedFor, howToLogIn, refusal } from '../../../effects/images/refusals.ts'
import type { Answer } from '../../../effects/images/registry-http.ts'

describe('what logs a person in', () => {
  it.each([
    [
      '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
      'run `aws ecr get-login-password --region eu-central-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-central-1.amazonaws.com`, which holds for 12 hours',
    ],
    [
      '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
      'run `aws ecr get-login-password --region cn-north-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn`, which holds for 12 hours',
    ],
    ['docker.io', 'run `docker login`'],
    ['ghcr.io', 'run `docker login ghcr.io` with a token that has `read:packages`'],
    ['registry.example.com:5000', 'run `docker login registry.example.com:5000`'],
  ])('to %s', (registry, says) => expect(howToLogIn(registry)).toBe(says))
})

const ECR = '123456789012.dkr.ecr.eu-central-1.amazonaws.com'
const asked = (more: Partial<AskedFor> = {}): AskedFor => ({
  registry: ECR,
  repository: 'trainer',
  reference: '1.4',
  hasLogin: false,
  problem: null,
  ...more,
})
const answer = (status: number, message?: unknown): Answer => ({
  status,
  body: { message },
  retryAfter: 0,
  bytes: new Uint8Array(),
  header: () => null,
})

describe('an answer that is none', () => {
  it.each<[string, number, Partial<AskedFor>, unknown, string]>([
    [
      'nobody is logged in',
      401,
      {},
      undefined,
      'there is no such repository, or it is private: check its name, or run `aws ecr get-login-password',
    ],
    [
      'a login over its time',
      403,
      { hasLogin: true },
      'Your authorization token has expired.',
      'your login may not read it (“Your authorization token has expired.”): ask its owner for the right to pull, or run `aws ecr',
    ],
    [
      'a login that could not be read',
      403,
      { problem: 'no helper' },
      undefined,
      'which holds for 12 hours (no helper)',
    ],
    ['what is no sentence', 418, {}, { a: 1 }, 'it answers 418: check that'],
    ['a sentence without an end', 400, {}, 'x'.repeat(5000), `it answers 400 (“${'x'.repeat(199)}…”)`],
  ])('%s', (_, status, more, message, says) => {
    expect(refusal(answer(status, message), asked(more)).message).toContain(says)
    expect(refusal(answer(status, message), asked(more)).message).toMatch(new RegExp(`^${ECR}/trainer: `))
  })
})
