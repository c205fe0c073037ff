import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import { acknowledge } from './acknowledged.ts'
import { addInstallation } from './installation.ts'
import { EXAMPLE_ACCOUNT } from './settings.ts'

/** What `cdk` runs: `npm run synth`, `npm run diff`, `npm run deploy`. */
const app = new App()
try {
  const { settings, policy, stacks } = addInstallation(app, join(fileURLToPath(new URL('..', import.meta.url)), 'dist'))
  if (settings.account === EXAMPLE_ACCOUNT && process.env['SIGNALBOX_DEPLOYING'] === '1')
    throw new Error(
      'cdk.json still has the example’s account: put your own values under `signalbox` (docs/deploy.md, step 3)',
    )
  acknowledge(stacks, policy)
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
