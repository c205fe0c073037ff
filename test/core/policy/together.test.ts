import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Config, PolicyError, parsePolicy } from '../../../core/policy.ts'
import { problemsAfter } from '../training-fixture.ts'

const support = (config: Config) => config.pipelines!['support-chats']!
const [train, evaluate] = [0, 1].map((at) => (config: Config) => support(config).stages[at]!) as [
  (config: Config) => NonNullable<Config['pipelines']>[string]['stages'][number],
  (config: Config) => NonNullable<Config['pipelines']>[string]['stages'][number],
]

describe('a config that does not hold together', () => {
  it.each<[string, (config: Config) => void, string]>([
    [
      'an image by tag',
      (c) => {
        train(c).image = 'acme/trainer:latest'
      },
      'pipelines.support-chats.stages.0.image: nobody has looked up which digest that tag has: run `npx signalbox pin`',
    ],
    [
      'an image with a space and capitals',
      (c) => {
        train(c).image = `Robust AI@sha256:${'0'.repeat(64)}`
      },
      'pipelines.support-chats.stages.0.image: pin',
    ],
    [
      'an unknown pool',
      (c) => {
        evaluate(c).pool = 'gpu-tain'
      },
      'pipelines.support-chats.stages.1.pool: there is no pool `gpu-tain`: add it under pools, or did you mean `gpu-train`?',
    ],
    [
      'an unknown pool of a model',
      (c) => {
        c.services!['code-llama']!.pool = 'x'
      },
      'services.code-llama.pool: there is no pool `x`',
    ],
    [
      'a queue that no LocalQueue can be',
      (c) => {
        c.pools['gpu-train']!.queue = 'training/gpu'
      },
      'pools.gpu-train.queue: name a LocalQueue of the training namespace',
    ],
    [
      'a service in a pool that Kueue owns',
      (c) => {
        delete c.services!['code-llama']
        c.pools['gpu-serve']!.queue = 'gpu'
      },
      'services.support-llama.pool: Kueue owns `gpu-serve` and lends it to Jobs, which a service is not: use a pool without queue, or leave out pools.gpu-serve.queue',
    ],
    [
      'a prefix without its slash',
      (c) => {
        support(c).on.dataset!.prefix = 'chats'
      },
      'pipelines.support-chats.on.dataset.prefix: end the prefix with `/`',
    ],
    [
      'a results prefix without its slash',
      (c) => {
        c.results.prefix = 'r'
      },
      'results.prefix: end the prefix with `/`',
    ],
    [
      'two pipelines at one place',
      (c) => {
        c.pipelines!['twin'] = structuredClone(support(c))
      },
      'pipelines.twin.on.dataset: `support-chats` has the same bucket and prefix (acme-datasets/support-chats/)',
    ],
    [
      'no gate',
      (c) => {
        evaluate(c).gates = []
      },
      'pipelines.support-chats.register: nothing is registered that was not measured: give a stage `gates`',
    ],
    [
      'a middle above the bad case',
      (c) => {
        train(c).hours = { p50: 4, p95: 3 }
      },
      'pipelines.support-chats.stages.0.hours: p50 must not be above p95',
    ],
    [
      'hours that are no number',
      (c) => {
        train(c).hours.p95 = Number.NaN
      },
      'pipelines.support-chats.stages.0.hours.p95:',
    ],
    [
      'a free price',
      (c) => {
        c.pools['gpu-train']!.price!.perNodeHour = 0
      },
      'pools.gpu-train.price.perNodeHour: must be more than 0 dollars',
    ],
    [
      'a price without a real date',
      (c) => {
        c.pools['gpu-train']!.price!.date = '2026-02-30'
      },
      'pools.gpu-train.price.date:',
    ],
    [
      'no budget',
      (c) => {
        c.budget.dollars = 0
      },
      'budget.dollars: must be more than 0 dollars',
    ],
    [
      'a person by display name',
      (c) => {
        c.approvals.approvers[0]!.id = 'ana'
      },
      'approvals.approvers.0.id: name a person as `TEAM/USER` ids',
    ],
    [
      'more answers than people',
      (c) => {
        c.approvals.need = 3
      },
      'approvals.need: 3 answers can be needed but only 2 people may give one',
    ],
    [
      'one more answer than people',
      (c) => {
        Object.assign(c.approvals, { need: 2, unknownRequester: 'one-more' })
      },
      'approvals.need: 3 answers can be needed',
    ],
    [
      'an approver twice',
      (c) => {
        c.approvals.approvers[1]!.id = c.approvals.approvers[0]!.id
      },
      'approvals.approvers: name each approver once',
    ],
    [
      'a duration in words',
      (c) => {
        c.approvals.expiry = 'four hours'
      },
      'approvals.expiry: write a duration',
    ],
    [
      'an alias with a slash',
      (c) => {
        c.services!['code-llama']!.alias = 'a/b'
      },
      'services.code-llama.alias: an MLflow alias',
    ],
    [
      'a misspelt setting',
      (c) => {
        Object.assign(c.approvals, { expires: '4h' })
      },
      'approvals: there is no key `expires`: did you mean `expiry`?',
    ],
    [
      'a setting of another notation',
      (c) => {
        Object.assign(c.pools['gpu-train']!, { max_gpus: 8 })
      },
      'pools.gpu-train: there is no key `max_gpus`: did you mean `maxGpus`?',
    ],
    [
      'a setting that is like none',
      (c) => {
        Object.assign(c.results, { compression: 'zstd' })
      },
      'results: there is no key `compression`: it is one of bucket, prefix',
    ],
    [
      'a number in quotes',
      (c) => {
        Object.assign(c.pools['gpu-train']!, { maxGpus: '16' })
      },
      'pools.gpu-train.maxGpus: expected a number; found "16": write it without quotes, 16',
    ],
    [
      'yes for true',
      (c) => {
        Object.assign(c.approvals, { requesterMayApprove: 'yes' })
      },
      'approvals.requesterMayApprove: expected true or false; found "yes": write true without quotes',
    ],
    [
      'one capacity type in place of a list',
      (c) => {
        Object.assign(c.pools['gpu-train']!, { capacityTypes: 'spot' })
      },
      'pools.gpu-train.capacityTypes: expected a list; found "spot": write a list, ["spot"]',
    ],
    [
      'a word that is none of those',
      (c) => {
        Object.assign(support(c), { onNewer: 'stop' })
      },
      'pipelines.support-chats.onNewer: write one of "finish", "replace"; found "stop"',
    ],
    [
      'null for nothing',
      (c) => {
        Object.assign(support(c).on.dataset!, { completeWithin: null })
      },
      'pipelines.support-chats.on.dataset.completeWithin: write a duration as a whole number and a unit: `90s`, `30m`, `4h`, `2d`; found null: leave the key out instead',
    ],
    [
      'a duration as a number',
      (c) => {
        Object.assign(c.approvals, { expiry: 14400 })
      },
      'approvals.expiry: write a duration as a whole number and a unit: `90s`, `30m`, `4h`, `2d`; found 14400',
    ],
    [
      'nothing where something must be',
      (c) => {
        Reflect.deleteProperty(train(c), 'image')
      },
      'pipelines.support-chats.stages.0.image: is missing: pin the image by digest',
    ],
    [
      'a bucket as an address',
      (c) => {
        support(c).on.dataset!.bucket = 's3://acme-datasets'
      },
      'pipelines.support-chats.on.dataset.bucket: write the bucket’s name alone, without `s3://`',
    ],
    [
      'a prefix that begins with a slash',
      (c) => {
        support(c).on.dataset!.prefix = '/chats/'
      },
      'pipelines.support-chats.on.dataset.prefix: end the prefix with `/`, and begin it without one; found "/chats/"',
    ],
    [
      'a prefix as a pattern',
      (c) => {
        support(c).on.dataset!.prefix = 'chats/*/'
      },
      'pipelines.support-chats.on.dataset.prefix: write the prefix itself, and all below it is meant: nothing here expands `*`, `?` or variables, and IAM would; found "chats/*/"',
    ],
    [
      'a results prefix with a variable',
      (c) => {
        c.results.prefix = 'results/${aws:username}/'
      },
      'results.prefix: write the prefix itself',
    ],
    [
      'a manifest that the deployed door never hears of',
      (c) => {
        support(c).on.dataset!.manifest = 'index.json'
      },
      'pipelines.support-chats.on.dataset.manifest: end the manifest’s name with `manifest.json`',
    ],
    [
      'a registered name that MLflow refuses',
      (c) => {
        support(c).register!.model = 'acme/llama'
      },
      'pipelines.support-chats.register.model: MLflow takes no `/` and no `:`',
    ],
    [
      'a preset that needs a model and names none',
      (c) => {
        Reflect.deleteProperty(train(c), 'model')
      },
      'pipelines.support-chats.stages.0.model: `fine-tune` begins from a model: name it',
    ],
    [
      'a preset that is none',
      (c) => {
        Object.assign(train(c), { use: 'finetune' })
      },
      'pipelines.support-chats.stages.0.use: write one of "fine-tune", "pre-train", "evaluate", "preprocess", "merge", "quantize", "benchmark", "scan", "drift-monitor", "batch-infer"; found "finetune": did you mean `fine-tune`?',
    ],
    [
      'a stage without a name',
      (c) => {
        Reflect.deleteProperty(evaluate(c), 'use')
      },
      'pipelines.support-chats.stages.1: give the stage a `name`, or `use` a preset',
    ],
    [
      'a stage whose name its Job has no room for',
      (c) => {
        train(c).name = 'fine-tune-the-llama'
      },
      'pipelines.support-chats.stages.0.name: name a stage with lower-case letters, digits and dashes between them, at most 14',
    ],
    [
      'two stages of one name',
      (c) => {
        train(c).name = 'evaluate'
      },
      'pipelines.support-chats.stages.1.name: two stages are called `evaluate`',
    ],
    [
      'a stage that reads one that comes later',
      (c) => {
        train(c).inputs = ['evaluate']
      },
      'pipelines.support-chats.stages.0.inputs: no stage before it is called `evaluate`: it is one of none, it is the first',
    ],
    [
      'a registered stage that is none',
      (c) => {
        support(c).register!.from = 'tain'
      },
      'pipelines.support-chats.register.from: there is no stage `tain`: it is one of train, evaluate',
    ],
    [
      'a variable of ours',
      (c) => {
        train(c).env = { SIGNALBOX_TASK: 'x' }
      },
      'pipelines.support-chats.stages.0.env.SIGNALBOX_TASK: it is ours',
    ],
    [
      'a wait for nodes in which none starts',
      (c) => {
        Object.assign(support(c), { nodeWithin: '9m' })
      },
      'pipelines.support-chats.nodeWithin: write at least `10m`: no node starts in less; found "9m"',
    ],
    [
      'GPUs that idle for less than two looks',
      (c) => {
        Object.assign(support(c), { idle: { tell: '5m' } })
      },
      'pipelines.support-chats.idle.tell: write at least `10m`: GPUs are looked at every five minutes',
    ],
    [
      'a question about GPUs that idle before anybody is told',
      (c) => {
        Object.assign(support(c), { idle: { tell: '2h' } })
      },
      'pipelines.support-chats.idle.ask: write at least as much as `tell`',
    ],
    [
      'an end of what idles before anybody is asked',
      (c) => {
        Object.assign(support(c), { idle: { end: '1h' } })
      },
      'pipelines.support-chats.idle.end: write more than `ask`',
    ],
    [
      'a workspace that MLflow cannot have',
      (c) => {
        c.registry = { workspace: 'Team_A' }
      },
      'registry.workspace: name a workspace of MLflow as it does: lower-case letters, digits and dashes',
    ],
    [
      'two services of one promotion',
      (c) => {
        c.services!['twin'] = { ...structuredClone(c.services!['code-llama']!), model: 'code-llama' }
      },
      'services.twin: `code-llama` serves code-llama@champion already: a promotion must mean one of them',
    ],
    [
      'a name from before that another has',
      (c) => {
        c.services!['renamed'] = {
          ...structuredClone(c.services!['code-llama']!),
          was: 'code-llama',
          model: 'other',
        }
      },
      'services.renamed.was: `code-llama` is the name of another one too',
    ],
    [
      'a name from before that another has now, though its lane has another',
      (c) => {
        const rule = c.services!['code-llama']!
        Object.assign(c.services!, { new: { ...structuredClone(rule), was: 'old', model: 'a' } })
        Object.assign(c.services!, { newer: { ...structuredClone(rule), was: 'new', model: 'b' } })
      },
      'services.newer.was: `new` is the name of another one too',
    ],
    [
      'a stage that is called as a step of ours',
      (c) => {
        train(c).name = 'register'
      },
      'pipelines.support-chats.stages.0.name: a plan has steps of its own called `judge-…`, `register` and `notify`',
    ],
    [
      'the place of the result',
      (c) => {
        train(c).env = { RESULTS_URI: 's3://other/x' }
      },
      'pipelines.support-chats.stages.0.env.RESULTS_URI: it is ours',
    ],
    [
      'what it reads, in its own words',
      (c) => {
        evaluate(c).secrets = { TRAIN_URI: { secret: 's', key: 'k' } }
      },
      'pipelines.support-chats.stages.1.secrets.TRAIN_URI: it tells what `train` made',
    ],
    [
      'no key of a Secret',
      (c) => {
        train(c).secrets = { HF_TOKEN: { secret: 'hub' } as never }
      },
      'pipelines.support-chats.stages.0.secrets.HF_TOKEN.key: is missing: write which of the Secret’s keys, in quotes',
    ],
    [
      'a key that no Secret can have',
      (c) => {
        train(c).secrets = { HF_TOKEN: { secret: 'hub', key: 'my token' } }
      },
      'pipelines.support-chats.stages.0.secrets.HF_TOKEN.key: no Secret can have such a key: letters, digits, `-`, `_` and `.`',
    ],
    [
      'a service that was renamed and does not say its model',
      (c) => {
        const { 'support-llama': old, ...rest } = c.services!
        c.services = { ...rest, chat: { ...old!, was: 'support-llama' } }
      },
      "services.chat.model: is missing: a service without it serves the model of its own name, and this one has a new name: say `model: 'support-llama'`",
    ],
    [
      'words of the first schema',
      (c) => {
        Object.assign(c, { datasets: {} })
      },
      '(the whole config): there is no key `datasets`: say `pipelines`, each with `on.dataset` and `stages`',
    ],
    [
      'a variable that is said in the open and as a secret',
      (c) => {
        train(c).env = { HF_TOKEN: 'x' }
        train(c).secrets = { HF_TOKEN: { secret: 'hub', key: 'token' } }
      },
      'pipelines.support-chats.stages.0.secrets.HF_TOKEN: `env` says `HF_TOKEN` too, and a variable has one value: leave it out of one of them',
    ],
    [
      'a cluster name in capitals',
      (c) => {
        c.cluster = 'ML'
      },
      'cluster: use lower-case letters',
    ],
  ])('with %s is told where and what to write', (_, change, message) => {
    expect(problemsAfter(change)).toEqual([expect.stringContaining(message)])
  })

  it('is told everything at once, in one message', () => {
    const all = problemsAfter((config) => {
      config.cluster = 'ML'
      support(config).on.dataset!.prefix = 'x'
    })
    expect(all).toHaveLength(2)
    expect(new PolicyError(all).message).toBe(`the policy has 2 problems:\n  - ${all[0]}\n  - ${all[1]}`)
  })

  it('never makes anything but a PolicyError, whatever it is', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.record({ pools: fc.anything(), pipelines: fc.anything(), schema: fc.anything(), approvals: fc.anything() }),
    )
    fc.assert(
      fc.property(anything, (value) => {
        expect(() => parsePolicy(value)).toThrow(PolicyError)
      }),
    )
  })
})
