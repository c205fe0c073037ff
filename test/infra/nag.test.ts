import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import { expect, it } from 'vitest'
import life from '../../examples/life.config.ts'
import { acknowledge } from '../../infra/acknowledged.ts'
import config from '../example.ts'
import { withDigests } from '../journeys/life.ts'
import { MONEY, synth, VARIANTS } from './synth.ts'

/** What `infra/app.ts` does; throws with every finding that is not acknowledged. */
const checked = ({ app, facts, stacks }: ReturnType<typeof synth>) => {
  acknowledge(stacks, facts)
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
  return app.synth()
}

it.each(VARIANTS)(
  'the same sources give the same bytes %s, nothing is looked up, and cdk-nag finds nothing that is not acknowledged',
  (variant, context) => {
    const [a, b] = ['a', 'b'].map((name) => {
      const assembly = checked(synth(`${variant}-${name}`, config, context))
      expect(assembly.manifest.missing ?? []).toEqual([])
      const files = readdirSync(assembly.directory)
        .filter((file) => file.endsWith('.json'))
        .sort()
      return Object.fromEntries(files.map((file) => [file, readFileSync(join(assembly.directory, file), 'utf8')]))
    })
    expect(Object.keys(a ?? {})).toEqual(expect.arrayContaining(['manifest.json', 'signalbox-control.assets.json']))
    expect(a).toEqual(b)
  },
  60_000,
)

it.each<[string, object, object, object?]>([
  ['no pipeline', { ...config, pipelines: {} }, {}],
  ['the life of a model', withDigests(life), {}],
  ['a last resort', { ...config, budget: { ...config.budget, lastResort: {} } }, {}, { money: MONEY }],
  ['a bootstrap with a qualifier of its own', config, { '@aws-cdk/core:bootstrapQualifier': 'acme' }],
])('%s deploys too', (name, policy, more, settings = {}) => {
  expect(() => checked(synth(name, policy, settings, more))).not.toThrow()
})
