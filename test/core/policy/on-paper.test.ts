import { expect, it } from 'vitest'
import { againstOnPaper, onPaper } from '../../../core/policy/on-paper.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { piped, stagesOf } from '../../variants.ts'
import { exampleConfig } from '../training-fixture.ts'

const found = (change: (config: Config) => void): string[] => {
  const config: Config = exampleConfig()
  change(config)
  return onPaper(parsePolicy(config)).map(({ path, why }) => `${path}: ${why}`)
}
const train = (config: Config) => config.pools['gpu-train']!
const chats = (config: Config) => stagesOf(config.pipelines!['support-chats']!).train

it('finds nothing in the example', () => {
  expect(found(() => undefined)).toEqual([])
})

it.each<[string, (config: Config) => void, string[]]>([
  [
    'a registration of what only measures',
    (c) => {
      c.pipelines!['support-chats']!.register = { model: 'support-llama', from: 'evaluate' }
    },
    [
      'pipelines.support-chats.register.from: `evaluate` measures what others made and makes no weights, so nothing could be registered once all is paid for: say the stage that makes them, one of train',
    ],
  ],
  [
    'no price',
    (c) => {
      delete train(c).price
    },
    ['pools.gpu-train.price: nothing is planned without a price: `signalbox prices` reads it from the price list'],
  ],
  [
    'an instance type that is not there',
    (c) => {
      train(c).instanceType = 'p5.48xlage'
    },
    ['pools.gpu-train.instanceType: no GPU type `p5.48xlage` is known: did you mean `p5.48xlarge`?'],
  ],
  [
    'another number of GPUs than it has',
    (c) => {
      c.pools['gpu-serve']!.gpusPerNode = 8
    },
    ['pools.gpu-serve.gpusPerNode: g6e.12xlarge has 4, not 8: write 4'],
  ],
  [
    'a ceiling below one node, and below what is asked',
    (c) => {
      train(c).maxGpus = 4
    },
    [
      'pools.gpu-train.maxGpus: 4 is less than one node of 8: no node can start',
      'pipelines.support-chats.stages.0.gpus: 8 GPUs are asked for and pools.gpu-train.maxGpus is 4: raise it, or ask for less',
    ],
  ],
  [
    'more GPUs than a node has',
    (c) => {
      chats(c).gpus = 16
    },
    ['pipelines.support-chats.stages.0.gpus: a node of gpu-train has 8 GPUs, not 16: say `gpus: 8` and `nodes: 2`'],
  ],
  [
    'a part of each of several nodes',
    (c) => {
      Object.assign(chats(c), { gpus: 4, nodes: 2 })
    },
    [
      'pipelines.support-chats.stages.0.gpus: it runs on 2 whole nodes, and one of gpu-train has 8 GPUs: write 8, not 4',
    ],
  ],
  [
    'more nodes than fit below the ceiling',
    (c) => {
      Object.assign(chats(c), { nodes: 9 })
    },
    [
      'pipelines.support-chats.stages.0.gpus: 72 GPUs are asked for and pools.gpu-train.maxGpus is 16: raise it, or ask for less',
    ],
  ],
  [
    'more replicas than fit below the ceiling',
    (c) => {
      c.services!['support-llama']!.replicas = 5
    },
    [
      'services.support-llama.gpusPerReplica: 20 GPUs are asked for and pools.gpu-serve.maxGpus is 16: raise it, or ask for less',
    ],
  ],
  [
    'a prefix below another one',
    (c) => {
      c.pipelines!['inner'] = piped({ prefix: 'support-chats/german/' })
    },
    [
      'pipelines.inner.on.dataset.prefix: it lies below support-chats/ of `support-chats`, which never sees what is uploaded here: give each a prefix of its own',
    ],
  ],
  [
    'an instance type that is like none: another generation is no slip of the hand',
    (c) => {
      train(c).instanceType = 'p7.48xlarge'
    },
    ['pools.gpu-train.instanceType: no GPU type `p7.48xlarge` is known: check its name and gpusPerNode at AWS'],
  ],
  [
    'arguments that would have the engine do other than what its plan says',
    (c) => {
      c.services!['code-llama']!.args = ['--max_model_len=131072', '--enforce-eager', '-tp', '8', '--port=80']
    },
    [
      'services.code-llama.args.0: found `--max_model_len`: say `maxModelLen`, which is judged and shown, and leave it out here',
      'services.code-llama.args.2: found `-tp`: a replica’s GPUs are used tensor parallel, all of them: say `gpusPerReplica`, and leave it out here',
      'services.code-llama.args.4: found `--port`: it is asked on a port of ours: leave it out',
    ],
  ],
  [
    'a channel by its name',
    (c) => {
      c.approvals.channel = '#gpu-ops'
    },
    [
      'approvals.channel: found "#gpu-ops", which is no channel’s id, and Slack lets a card be changed by that alone: write it as the channel’s details in Slack have it, `C0GPUOPS`',
    ],
  ],
  ...['gpu-ops', 'c0gpuops', ' C0GPUOPS', 'C', 'U0ANA', 'T0SIGNAL/C0GPUOPS', 'C0GPU\u200b'].map(
    (channel): [string, (config: Config) => void, string[]] => [
      `a channel ${channel}`,
      (c) => {
        c.approvals.channel = channel
      },
      [expect.stringContaining('which is no channel’s id') as unknown as string],
    ],
  ),
  ...['G0SECRET1', 'C9'].map((channel): [string, (config: Config) => void, string[]] => [
    `nothing of the channel ${channel}`,
    (c) => {
      c.approvals.channel = channel
    },
    [],
  ]),
  ...['results/', 'results/chats/', 'res/'].map((prefix): [string, (config: Config) => void, string[]] => [
    `uploads to ${prefix} among our own results`,
    (c) => {
      const { bucket } = c.results
      Object.assign(c.results, { prefix: prefix === 'res/' ? 'res/ults/' : 'results/' })
      Object.assign(c.pipelines!['support-chats']!.on.dataset!, { bucket, prefix })
    },
    [
      `pipelines.support-chats.on.dataset.prefix: found ${prefix}, and Jobs write their results to ${prefix === 'res/' ? 'res/ults/' : 'results/'} of the same bucket: give uploads a prefix beside it, or another bucket`,
    ],
  ]),
  [
    'nothing of uploads beside our own results',
    (c) => {
      Object.assign(c.pipelines!['support-chats']!.on.dataset!, {
        bucket: c.results.bucket,
        prefix: 'results-of-others/',
      })
    },
    [],
  ],
  [
    'gates that contradict each other',
    (c) => {
      stagesOf(c.pipelines!['support-chats']!).evaluate.gates = [
        { metric: 'score', op: '>=', value: 0.9 },
        { metric: 'toxicity', op: '<=', value: 0.1 },
        { metric: 'score', op: '<=', value: 0.5 },
      ]
      c.services!['code-llama']!.gate.checks = [
        { metric: 'p95', op: '<=', value: 1 },
        { metric: 'p95', op: '>=', value: 2 },
        { metric: 'even', op: '<=', value: 1 },
        { metric: 'even', op: '>=', value: 1 },
      ]
    },
    [
      'pipelines.support-chats.stages.1.gates: score must be >= 0.9 and <= 0.5, which no figure is: nothing would ever pass; change one of them, or leave it out',
      'services.code-llama.gate.checks: p95 must be >= 2 and <= 1, which no figure is: nothing would ever pass; change one of them, or leave it out',
    ],
  ],
  [
    'a requester without whom too few may approve',
    (c) => {
      Object.assign(c.approvals, { need: 2, requesters: { '111122223333': 'T0SIGNAL/U0BEN' } })
    },
    [
      'approvals.requesters.111122223333: what T0SIGNAL/U0BEN asks for needs 2 of the approvers besides, and there are 1: add approvers, lower need or set requesterMayApprove',
    ],
  ],
  [
    'a refusal of whom nobody could ever know',
    (c) => {
      Object.assign(c.approvals, { unknownRequester: 'refuse', requesters: { '111122223333': 'T0SIGNAL/U0BEN' } })
      c.approvals.requesterMayApprove = true
    },
    [
      'approvals.unknownRequester: found refuse, and no registry proves who promoted a version: no service would ever be rolled out; write `one-more`',
    ],
  ],
])('%s is said before an event comes', (_, change, said) => {
  expect(found(change)).toEqual(said)
})

it('where nobody is known and that is refused, it speaks against every lane that asks', () => {
  const config: Config = exampleConfig()
  config.approvals.unknownRequester = 'refuse'
  const why = (lane: string) => againstOnPaper(parsePolicy(config), lane).map((one) => one.why)
  expect(why('service/code-llama')).toEqual([expect.stringContaining('no registry proves who promoted')])
  expect(why('pipeline/support-chats')).toEqual([expect.stringContaining('map who uploads in `requesters`')])
  config.services = {}
  expect(onPaper(parsePolicy(config))).toHaveLength(1)
})

it('what speaks against a lane is of its own rule and of its pools', () => {
  const config: Config = exampleConfig()
  delete train(config).price
  config.pipelines!['inner'] = piped({ prefix: 'support-chats/german/' })
  config.services!['code-llama']!.args = ['--port=80']
  const against = (lane: string) => againstOnPaper(parsePolicy(config), lane).map(({ path }) => path)
  expect(against('pipeline/support-chats')).toEqual(['pools.gpu-train.price', 'pipelines.inner.on.dataset.prefix'])
  expect(against('pipeline/inner')).toEqual(against('pipeline/support-chats'))
  expect(against('service/code-llama')).toEqual(['services.code-llama.args.0'])
  expect(against('service/support-llama')).toEqual([])
})

it('a pool that is closed on purpose is no mistake of the pool', () => {
  expect(
    found((c) => {
      train(c).maxGpus = 0
    }).filter((line) => line.startsWith('pools.')),
  ).toEqual([])
})
