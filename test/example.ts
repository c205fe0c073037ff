import type { Config } from '../core/policy.ts'
import config from '../signalbox.config.ts'

type Rule<Block extends 'pipelines' | 'services'> = NonNullable<Config[Block]>[string]

const without = <T extends object>(rule: T, ...keys: string[]): T =>
  Object.fromEntries(Object.entries(rule).filter(([key]) => !keys.includes(key))) as T

/**
 * The example policy without what acts by itself as time goes by and alerts fire: no ladder, and no service that drifts. Tests are about one thing at a time, and
 * say what else they need. What the example says whole is played by the tour.
 */
const example: Config = {
  ...config,
  budget: without(config.budget, 'ladder'),
  pipelines: Object.fromEntries(
    Object.entries(config.pipelines ?? {}).map(([name, rule]): [string, Rule<'pipelines'>] => [
      name,
      { ...rule, on: without(rule.on, 'drift') },
    ]),
  ),
  services: Object.fromEntries(
    Object.entries(config.services ?? {}).map(([name, rule]): [string, Rule<'services'>] => [
      name,
      without(rule, 'drift', 'floor'),
    ]),
  ),
}
export default example
