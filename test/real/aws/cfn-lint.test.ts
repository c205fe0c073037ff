import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import config from '../../example.ts'
import { synth, VARIANTS } from '../../infra/synth.ts'
import { pythonWith } from '../python.ts'

const REQUIREMENTS = fileURLToPath(new URL('cfn-lint.txt', import.meta.url))

/** With all that the stack `money` may have. */
const LAST = { ...config, budget: { ...config.budget, lastResort: {} } }

it.each(VARIANTS)(
  'CloudFormation’s linter has no word about the templates %s',
  async (name, context) => {
    const python = await pythonWith('cfn-lint', REQUIREMENTS)
    const { directory, stacks } = synth(
      `lint-${name.replaceAll(' ', '-')}`,
      'money' in context ? LAST : config,
      context,
    ).app.synth()
    const templates = stacks.map(({ templateFile }) => join(directory, templateFile))
    expect(templates).toHaveLength('money' in context ? 6 : 5)
    // W3005: CDK writes each function's dependency on its role once more than is needed.
    const args = ['--ignore-checks', 'W3005', '--', ...templates]
    const { stdout } = await promisify(execFile)(join(dirname(python), 'cfn-lint'), args).catch(
      (found: { stdout: string }) => found,
    )
    expect(stdout).toBe('')
  },
  200_000,
)
