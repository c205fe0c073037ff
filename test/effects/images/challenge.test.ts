import fc from 'fast-check'
import { expect, it } from 'vitest'
import { challengesIn } from '../../../effects/images/challenge.ts'

it.each<[string, { scheme: string; parameters: Record<string, string> }[]]>([
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:a/b:pull,push',
        },
      },
    ],
  ],
  [
    'Basic realm="https://1.dkr.ecr.eu-central-1.amazonaws.com/",service="ecr.amazonaws.com"',
    [
      {
        scheme: 'basic',
        parameters: { realm: 'https://1.dkr.ecr.eu-central-1.amazonaws.com/', service: 'ecr.amazonaws.com' },
      },
    ],
  ],
  [
    'Negotiate, BASIC realm=x , Bearer Realm = "a \\"b\\"", service=y',
    [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'x' } },
      { scheme: 'bearer', parameters: { realm: 'a "b"', service: 'y' } },
    ],
  ],
  ['', []],
  ['"', []],
])('%s', (header, challenges) => expect(challengesIn(header)).toEqual(challenges))

it('is found in any header, and none without one', () => {
  expect(challengesIn(null)).toEqual([])
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(challengesIn(`Bearer ${text}`))))
})
