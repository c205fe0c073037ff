import { beforeAll, describe, expect, it } from 'vitest'
import { door as capacityWarned } from '../../functions/capacity-warned.ts'
import { door as datasetUploaded } from '../../functions/dataset-uploaded.ts'
import { door as meter } from '../../functions/meter.ts'
import { door as modelPromoted } from '../../functions/model-promoted.ts'
import { door as reconcile } from '../../functions/reconcile.ts'
import { door as registryWebhook } from '../../functions/registry-webhook.ts'
import { door as resync } from '../../functions/resync.ts'
import type { AwsRight } from '../../functions/rights.ts'
import { door as slackCommand } from '../../functions/slack-command.ts'
import { door as slackInteraction } from '../../functions/slack-interaction.ts'
import { door as tick } from '../../functions/tick.ts'
import { door as versionChanged } from '../../functions/version-changed.ts'
import { door as watch } from '../../functions/watch.ts'
import type { Asked } from './asked.ts'
import { askedInLife } from './life.ts'

const doors = [
  capacityWarned,
  datasetUploaded,
  registryWebhook,
  modelPromoted,
  slackInteraction,
  slackCommand,
  reconcile,
  tick,
  watch,
  resync,
  meter,
]

let asked: Asked[]
beforeAll(async () => {
  asked = await askedInLife()
}, 60_000)

/** A line for each action on each thing; of the table, under each partition key. */
const lines = (action: string, on: string, keys: readonly string[] = ['']): string[] =>
  keys.map((key) => [action, on, key].join(' ').trim())
const named = ({ aws }: { aws: readonly AwsRight[] }): string[] =>
  aws.flatMap(({ actions, on, keys }) => actions.flatMap((action) => lines(action, on, keys)))
/** Whether a line is one that a right names, whose key may end in `*`. */
const fits = (right: string, line: string): boolean =>
  right.endsWith('*') ? line.startsWith(right.slice(0, -1)) : line === right

describe.each(doors)(
  'the rights of $name, beside what it asks in a life in which each door does all that it can',
  (door) => {
    const askedBy = (): string[] => [
      ...new Set(
        asked
          .filter((one) => one.door === door.name)
          .flatMap(({ action, on, keys }) => lines(action, on, keys.length === 0 ? [''] : keys)),
      ),
    ]

    it('are all that it needs', () => {
      expect(askedBy().filter((line) => !named(door).some((right) => fits(right, line)))).toEqual([])
    })

    it('and nothing that it does not', () => {
      expect(named(door).filter((right) => !askedBy().some((line) => fits(right, line)))).toEqual([])
    })
  },
)

it.each([datasetUploaded, modelPromoted, versionChanged, registryWebhook])(
  '$name cannot vote, nor read anything of a lane',
  ({ aws }) => {
    const rights = named({ aws })
    expect(rights.filter((right) => /orders|lane#|BatchGetItem|Query|DeleteItem/.test(right))).toEqual([])
  },
)

it.each([slackInteraction, slackCommand])('Slack’s $name leaves what people say, and reads nothing', (door) => {
  const rights = named(door).filter((right) => right.includes(' table '))
  expect(rights.sort()).toEqual([
    'dynamodb:PutItem table due#*',
    'dynamodb:PutItem table moments',
    'dynamodb:PutItem table moments#-',
    'dynamodb:UpdateItem table counts',
    'dynamodb:UpdateItem table orders#*',
  ])
  expect(slackInteraction.kubernetes).toEqual([])
})

it('reconcile answers what people said, and says nothing in their place', () => {
  expect(
    named(reconcile)
      .filter((right) => right.includes('orders#'))
      .sort(),
  ).toEqual(['dynamodb:DeleteItem table orders#*', 'dynamodb:Query table orders#*'])
})
