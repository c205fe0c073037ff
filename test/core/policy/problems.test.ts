import { expect, it } from 'vitest'
import { ELSEWHERE } from '../../../core/policy/elsewhere.ts'
import { keysAt } from '../../../core/policy/places.ts'
import { document } from '../../../core/policy.ts'
import { exampleConfig, exampleWith, problemsOf } from '../training-fixture.ts'

type Fields = Record<string, unknown>

const withValue = (path: string, value: unknown) => exampleWith([path, value])

const [SUPPORT, SERVICE] = ['pipelines.support-chats', 'services.support-llama']
const [TRAIN, EVALUATE] = [`${SUPPORT}.stages.0`, `${SUPPORT}.stages.1`]

it.each<[string, unknown, string]>([
  [`${TRAIN}.hours`, 2, 'expected a map; found 2: write { p50: …, p95: … }'],
  [`${TRAIN}.hours`, '2h', 'expected a map; found "2h": write { p50: …, p95: … }'],
  [`${TRAIN}.hours`, [1, 2], 'expected a map; found [1,2]: write { p50: …, p95: … }'],
  [`${TRAIN}.hours`, undefined, 'is missing: write { p50: …, p95: … }'],
  [
    `${TRAIN}.env`,
    [{ name: 'A', value: '1' }],
    'expected a map; found [{"name":"A","value":"1"}]: write { NAME: \'…\' }',
  ],
  [`${TRAIN}.env`, { A: 1 }, 'expected a text; found 1: write it in quotes, "1"'],
  [`${TRAIN}.env`, { A: true }, 'expected a text; found true: write it in quotes, "true"'],
  [
    `${TRAIN}.secrets`,
    ['hf'],
    "expected a map; what was found is not repeated: write { NAME: { secret: '…', key: '…' } }",
  ],
  [`${TRAIN}.secrets`, { HF: 'hf' }, "expected a map; what was found is not repeated: write { secret: '…', key: '…' }"],
  [
    `${TRAIN}.command`,
    'python train.py',
    'expected a list; found "python train.py": write a list, ["python", "train.py"]',
  ],
  [
    `${SERVICE}.gate.probe`,
    { prompts: [{ prompt: 'How long?', contains: '30 days' }] },
    'expected a list; found "30 days": write a list, ["30 days"]',
  ],
  [`${TRAIN}.args`, ['--epochs', 3], 'expected a text; found 3: write it in quotes, "3"'],
  [`${TRAIN}.pool`, ['gpu-train'], 'found ["gpu-train"]: write it without the list, "gpu-train"'],
  [`${TRAIN}.pool`, { name: 'gpu-train' }, 'found {"name":"gpu-train"}: write a text, in quotes'],
  [`${TRAIN}.gpus`, -1, 'write a number of at least 0; found -1'],
  [`${TRAIN}.gpus`, 1.5, 'expected a whole number; found 1.5'],
  [`${TRAIN}.gpus`, null, 'expected a number; found null: write a number, without quotes'],
  [`${TRAIN}.pod`, [], 'write a part of a pod’s spec, { … }; found []'],
  [`${SUPPORT}.stages`, { train: {} }, "expected a list; found {\"train\":{}}: write [ { image: '…', pool: '…'"],
  [`${SUPPORT}.stages`, [], 'write at least 1 of them; found []'],
  [`${SUPPORT}.register`, 'x', 'expected a map; found "x": write { model: \'…\' }'],
  [`${SUPPORT}.on`, 'dataset', "expected a map; found \"dataset\": write { dataset: { bucket: '…', prefix: '…' }"],
  [
    `${EVALUATE}.gates`,
    'score >= 0.8',
    'expected a list; found "score >= 0.8": write [ { metric: \'…\', op: …, value: … } ]',
  ],
  [`${EVALUATE}.gates.0.op`, '>', 'write one of ">=", "<="; found ">": did you mean `>=`?'],
  [`${EVALUATE}.gates.0.op`, '<', 'write one of ">=", "<="; found "<": did you mean `<=`?'],
  [`${EVALUATE}.gates.0.op`, 'lte', 'write one of ">=", "<="; found "lte": did you mean `<=`?'],
  [`${EVALUATE}.gates.0.op`, '=', 'write one of ">=", "<="; found "="'],
  ['pools.gpu-train.price', 55, "expected a map; found 55: write { perNodeHour: …, source: '…', date: '…' }"],
  ['pools.gpu-train.price.date', '1.11.2026', 'write the day that the price was read, in quotes: `2026-11-01`; found'],
  ['pools.gpu-train.price.date', new Date(0), 'found "1970-01-01T00:00:00.000Z": write a text, in quotes'],
  ['pools', null, "expected a map; found null: write { NAME: { instanceType: '…', gpusPerNode: …, maxGpus: … } }"],
  ['budget.dollars', '20,000', 'expected a number; found "20,000": write it without quotes, 20000'],
  ['budget.dollars', '$50', 'expected a number; found "$50": write it without quotes, 50'],
  ['budget.dollars', '20.000', 'found "20.000": write it without quotes, 20000, or 20'],
  ['budget.dollars', '20 000', 'write it without quotes, 20000'],
  ['budget.dollars', "20'000", 'write it without quotes, 20000'],
  ['budget.dollars', '1.500', 'write it without quotes, 1500, or 1.5'],
  ['budget.dollars', '1.000.000', 'write it without quotes, 1000000'],
  ['budget.dollars', '0.500', 'write it without quotes, 0.5'],
  [
    'pools.gpu-train',
    null,
    "found null: write { instanceType: '…', gpusPerNode: …, maxGpus: … }, or leave the key out",
  ],
  ['cluster', 'ml\u200b', 'found "ml\\u200b"'],
  ['cluster', 'ml\u00a0\u{e0001}\u0007', 'found "ml\\u00a0\\u{e0001}\\u0007"'],
  ['budget', 20_000, 'expected a map; found 20000: write { dollars: … }'],
  ['retries', 11, 'write a number of at most 10; found 11'],
  ['approvals.approvers', 'U1', "expected a list; found \"U1\": write [ { id: '…', name: '…' } ]"],
  ['approvals.approvers', [], 'write at least 1 of them; found []'],
  [`${SERVICE}.gate`, 'health', 'expected a map; found "health": write { checks: [ { metric: '],
  [
    `${SERVICE}.alias`,
    ['champion'],
    'an MLflow alias has letters, digits, `_` and `-`; found ["champion"]: write it without the list, "champion"',
  ],
  [`${SERVICE}.maxModelLen`, '8k', 'expected a number; found "8k": write a number alone, 8192 or 8000'],
  [`${SERVICE}.maxModelLen`, 'long', 'expected a number; found "long": write a number, without quotes'],
  [`${SERVICE}.maxModelLen`, '8h', 'expected a number; found "8h": write a number, without quotes'],
  [`${TRAIN}.hours.p50`, '1h', 'expected a number; found "1h": write a number alone, 1'],
  [`${TRAIN}.hours.p50`, '45 min', 'write a number alone, 0.75'],
  [`${TRAIN}.hours.p95`, '2d', 'write a number alone, 48'],
  [`${SERVICE}.loadMinutes`, { p50: 5, p95: '1h' } as unknown as string, 'found "1h": write a number alone, 60'],
  [`${SERVICE}.gate.minutes`, { p50: '30s', p95: 5 } as unknown as string, 'found "30s": write a number alone, 0.5'],
  [`${EVALUATE}.gates.0.value`, '80%', 'found "80%": write a number alone, 0.8'],
  [`${SERVICE}.maxUnavailable`, '25%', 'found "25%": write a count, such as 1'],
  [`${SERVICE}.replicas`, ' 50 %', 'write a count, such as 1'],
  [
    `${TRAIN}.name`,
    'constructor',
    'every object of JavaScript has something of that name already: call it otherwise; found',
  ],
  [`${TRAIN}.hours`, { p50: 1, p95: 1e16 } as unknown as string, 'write at most 8784 hours, which are 366 days'],
  [`${SERVICE}.loadMinutes`, { p50: 1, p95: 1e9 } as unknown as string, 'write at most 527040 minutes'],
  ...['https://ghcr.io/acme/x', 'docker://acme/x'].map((image): [string, string, string] => [
    `${SERVICE}.image`,
    `${image}@sha256:${'ab'.repeat(32)}`,
    'write the image without a scheme before it, and pinned by digest: `registry/repository@sha256:<64 hex>`; found',
  ]),
  ...['ghcr.io//x', 'ghcr.io/x/', 'ghcr.io/x..y', 'x:', 'a:80:b', '-x'].map((image): [string, string, string] => [
    `${SERVICE}.image`,
    `${image}@sha256:${'ab'.repeat(32)}`,
    'pin the image by digest: `repository@sha256:<64 hex>`; found',
  ]),
  [
    `${SERVICE}.image`,
    'ghcr.io/Acme/x:1',
    'repositories, and digests, are written in small letters: `registry/repository@sha256:<64 hex>`; found "ghcr.io/Acme/x:1"',
  ],
  [
    `${SERVICE}.image`,
    'ghcr.io/acme/x',
    'pin the image by digest: `repository@sha256:<64 hex>`, or write its tag, `repository:TAG`, and run `npx signalbox pin`; found',
  ],
  ...['a..b', '192.168.1.1'].map((bucket): [string, string, string] => [
    `${SUPPORT}.on.dataset.bucket`,
    bucket,
    `S3 takes no bucket of such a name: no two dots beside each other, and no address: write the bucket’s name; found "${bucket}"`,
  ]),
  ...['latest', 'Latest', 'v1', 'V12'].map((alias): [string, string, string] => [
    `${SERVICE}.alias`,
    alias,
    `MLflow keeps \`latest\` and \`v1\`, \`v2\`, … for itself, and nobody can set them: name another alias, \`champion\`; found "${alias}"`,
  ]),
  ...['..', '.', '...x', ' x ', 'x ', 'a\u200bb', 'a\nb', 'a:b', 'x'.repeat(257)].map(
    (model): [string, string, string] => [
      `${SUPPORT}.register.model`,
      model,
      'not `.` or what begins with `..`, and at most 256 characters; write it without spaces around it or characters that are not seen; found "',
    ],
  ),
  [
    `${SUPPORT}.register.model`,
    `o'b"c`,
    'MLflow cannot be asked about a text with quotes of both kinds: write it with one kind, or none; found',
  ],
  [
    `${SUPPORT}.register.model`,
    'back\\',
    'MLflow cannot be asked about a text that ends with `\\`: write it without; found',
  ],
  ...['0s', '0h', '00d'].flatMap((none): [string, string, string][] =>
    ['approvals.expiry', `${SUPPORT}.on.dataset.completeWithin`].map((path) => [
      path,
      none,
      `write more than 0, \`30m\` or \`4h\`: in no time nothing comes; found "${none}"`,
    ]),
  ),
  ['approvals.expiry', '99999999d', 'write at most `366d`: what is longer is a slip of the hand; found "99999999d"'],
  ['approvals.expiry', '367d', 'write at most `366d`'],
  ...['default', 'kube-system', 'kube-x', 'karpenter', 'kueue-system'].map((space): [string, string, string] => [
    'namespaces',
    { training: space, serving: 'serving' } as unknown as string,
    `this one is the cluster’s, or of what is installed there: name another one, \`training\` or \`serving\`; found "${space}"`,
  ]),
  [`${SUPPORT}.on.dataset.prefix`, 's3://acme/chats/', 'write the prefix alone, without `s3://` and the bucket'],
  [`${SUPPORT}.on.dataset.manifest`, 'a\u200bmanifest.json', 'without `/` and characters that are not seen'],
  ...['./chats/', '../chats/', 'chats/../german/', 'chats/./', 'chats//german/', 'chats/\u0007/', 'chats\u200b/'].map(
    (prefix): [string, string, string] => [
      `${SUPPORT}.on.dataset.prefix`,
      prefix,
      'write it as keys begin, `chats/`: S3 walks along no `.`, `..` or `//`',
    ],
  ),
  [`${SERVICE}.engine`, 'tgi', 'found "tgi"'],
])('%s: %j is answered with what was found and what to write', (path, value, words) => {
  const [problem, ...more] = problemsOf(withValue(path, value))
  expect(problem).toContain(words)
  expect(problem?.startsWith(path)).toBe(true)
  expect(more).toEqual([])
})

it.each([
  ['pools', 'constructor'],
  ['services', 'toString'],
  ['services', 'hasOwnProperty'],
  ['pipelines', 'constructor'],
])('a name in %s that every object has already is none: %s', (block, name) => {
  const given = (exampleConfig() as unknown as Record<string, Record<string, unknown>>)[block]!
  const [of] = Object.values(given)
  const config = { ...exampleConfig(), [block]: { ...given, [name]: of } }
  expect(problemsOf(config)).toContainEqual(
    expect.stringMatching(new RegExp(`^${block}\\.${name}: every object of JavaScript has something of that name`)),
  )
})

it('a key that parsing would pass over without a word is none', () => {
  const env = JSON.parse('{"__proto__": "x", "A": "1"}') as object
  expect(problemsOf(withValue(`${TRAIN}.env`, env))).toEqual([
    `${TRAIN}.env.__proto__: nothing can be called \`__proto__\`: use another name`,
  ])
})

it.each<[string, string]>([
  ['datasets', 'say `pipelines`, each with `on.dataset` and `stages`'],
  ['models', 'say `services`, by the name of the registered model or with `model`'],
  ['version', 'say `schema`'],
  [`${SUPPORT}.bucket`, 'it is said below `on`'],
  [`${SUPPORT}.prefix`, 'it is said below `on`'],
  [`${SUPPORT}.manifest`, 'it is said below `on`'],
  [`${SUPPORT}.completeWithin`, 'it is said below `on`'],
  [`${SUPPORT}.registerAs`, 'say `register: { model }`'],
  [`${SUPPORT}.baseModel`, 'the first of `stages`, `model`'],
  [`${SUPPORT}.on.prefix`, 'say `dataset: { bucket, prefix }`'],
  [`${SUPPORT}.on.cron`, 'say `schedule: { cron, zone }`'],
  [`${SUPPORT}.on.model`, 'say `version: { model }`'],
  [`${TRAIN}.baseModel`, 'say `model`'],
  [`${TRAIN}.method`, 'say `env: { METHOD }`'],
  [`${TRAIN}.timeout`, 'say `hours: { p50, p95 }`: it is ended at three times p95, and sooner where its run'],
  [`${TRAIN}.numNodes`, 'say `nodes`'],
  [`${SERVICE}.nodes`, 'a replica over several nodes is not there yet'],
  [`${TRAIN}.volumes`, 'below `pod`'],
  [`${TRAIN}.volumeMounts`, '`pod: { containers: [{ name: …, … }] }`'],
  [`${TRAIN}.hours.max`, 'say `p95`'],
  [`${EVALUATE}.gates.0.min`, "say `op: '>='` and `value`"],
  [`${SERVICE}.serveAlias`, 'say `alias`'],
  [`${SERVICE}.gpus`, 'say `gpusPerReplica`'],
  [`${SERVICE}.env`, "`pod: { containers: [{ name: 'vllm', env: [{ name, value }] }] }`"],
  [`${SERVICE}.port`, 'it is asked on a port of ours'],
  [`${SERVICE}.minReplicas`, 'or `autoscaling: { min, max, on }`'],
  ['$schema', 'a policy in JSON alone has it: leave it out'],
  [`${SERVICE}.models`, 'did you mean `model`?'],
  [`${TRAIN}.gpuz`, 'did you mean `gpus`?'],
])('%s is answered with where that is said', (path, words) => {
  const [place, key] = [path.split('.').slice(0, -1).join('.') || '(the whole config)', path.split('.').at(-1)]
  const [problem, ...more] = problemsOf(withValue(path, {}))
  expect(problem).toContain(`${place}: there is no key \`${key}\`: `)
  expect(problem).toContain(words)
  expect(more).toEqual([])
})

it.each([`${TRAIN}.pod`, `${SERVICE}.pod`])('%s that has no end, or is nested for ever, is told where', (path) => {
  const round: Fields = {}
  round['affinity'] = round
  const deep = { securityContext: JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`) }
  for (const pod of [round, deep])
    expect(problemsOf(withValue(path, pod))[0]).toContain(
      `${path}: it is nested deeper than 32 levels, or has itself in it: write a part of a pod’s spec`,
    )
})

it('a name that is none hides nothing below it: what is wrong there is said in the same round', () => {
  const config = exampleWith([`${TRAIN}.gpuz`, 8]) as { pipelines: Fields; services: Fields }
  config.pipelines = { 'Support Chats': config.pipelines['support-chats'] }
  config.services = { 'no/name': { ...(config.services['support-llama'] as Fields), replicas: 'two' } }
  expect(problemsOf(config)).toEqual([
    expect.stringContaining('pipelines.Support Chats: use lower-case letters, digits and dashes between them'),
    expect.stringContaining('services.no/name: the name is also a Kubernetes label value'),
    expect.stringContaining('pipelines.Support Chats.stages.0: there is no key `gpuz`: did you mean `gpus`?'),
    expect.stringContaining('services.no/name.replicas: expected a number; found "two"'),
  ])
})

it('characters that are not seen are seen in keys, names and paths', () => {
  expect(problemsOf(withValue('budget', { dollars: 1, 'na\u200bme': 'x' }))).toEqual([
    'budget: there is no key `na\\u200bme`: did you mean `name`?',
  ])
  expect(problemsOf(withValue(`${SERVICE}.pod`, { 'volumes\u2060': [] }))).toEqual([
    expect.stringContaining(`${SERVICE}.pod: there is no key \`volumes\\u2060\`: did you mean \`volumes\``),
  ])
  expect(problemsOf(withValue('pools.gpu\u200b', exampleConfig().pools['gpu-train']))).toEqual([
    expect.stringContaining('pools.gpu\\u200b: use lower-case letters'),
  ])
})

it('keys that are said elsewhere are none of those that may stand there', () => {
  for (const [at, sayings] of Object.entries(ELSEWHERE)) {
    const known = keysAt(document, at === '' ? [] : at.split('.'))
    expect(known).not.toEqual([])
    expect(known.filter((key) => Object.hasOwn(sayings, key))).toEqual([])
  }
})

it('each of two keys that there are not is a problem of its own', () => {
  const config = withValue(`${TRAIN}.hours`, { p50: 1, p95: 2, most: 3, least: 4 })
  expect(problemsOf(config)).toEqual([
    expect.stringContaining('there is no key `most`'),
    expect.stringContaining('there is no key `least`'),
  ])
})

/** Every place of the example, maps and lists too. */
const placesOf = (value: unknown, path: string[] = []): string[] => [
  ...(path.length === 0 ? [] : [path.join('.')]),
  ...(typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, one]) => placesOf(one, [...path, key]))
    : []),
]

it('whatever stands at a place is answered in our words: what was found, or that it is missing', () => {
  const { 'support-llama': one } = exampleConfig().services ?? {}
  for (const [n, path] of placesOf({ ...exampleConfig(), services: { 'support-llama': one } }).entries())
    for (const problem of problemsOf(withValue(path, [undefined, 7, [{}], true][n % 4]))) {
      expect(problem).not.toMatch(/Invalid|received|expected (object|array|record|string|number|int|boolean)\b/)
      expect(problem.split(': ').slice(1).join(': ')).not.toBe('')
    }
})

it('what cannot be written as JSON is called by what it is', () => {
  const round: Fields = {}
  round['round'] = round
  expect(problemsOf(withValue('cluster', round))[0]).toContain('found a map: write a text, in quotes')
})

it.each([
  'vllm',
  'localhost:5000/a/b',
  'ghcr.io/a/b_c/d__e-f.g:v1.2_3',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com/a',
])('an image may be called %s', (image) => {
  expect(problemsOf(withValue(`${SERVICE}.image`, `${image}@sha256:${'ab'.repeat(32)}`))).toEqual([])
})

it('a number that JSON has no word for is said with its place, wherever it stands in a patch', () => {
  expect(problemsOf(withValue(`${TRAIN}.pod`, { terminationGracePeriodSeconds: 60n }))).toEqual([
    `${TRAIN}.pod.terminationGracePeriodSeconds: a policy is JSON, which has no such number: write 60; found 60n`,
  ])
  expect(problemsOf(withValue('budget.dollars', 20_000n))).toEqual([
    'budget.dollars: expected a number; found 20000n: write a number, without quotes',
  ])
  const volumes = [{ name: 'a', awsElasticBlockStore: { volumeID: 'v', partition: 1n } }]
  expect(problemsOf(withValue(`${SERVICE}.pod`, { volumes }))).toEqual([
    `${SERVICE}.pod.volumes.0.awsElasticBlockStore.partition: a policy is JSON, which has no such number: write 1; found 1n`,
  ])
})
