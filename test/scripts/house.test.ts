import { describe, expect, it } from 'vitest'
import { roomOf, violationsOf } from '../../scripts/house/rules.ts'
import { ENVIRONMENT, FORBIDDEN_NAMES, HOUSE } from '../../scripts/house/table.ts'

/** What is wrong with a made-up tree of these files. */
const judge = (files: Record<string, string>): string[] => violationsOf(new Map(Object.entries(files)))

/** What is wrong with one line of one file. */
const line = (file: string, source: string): string[] => judge({ [file]: source })

/** A file that imports something for its value, and one that imports its types. */
const value = (file: string, from: string): string[] => line(file, `import { a } from '${from}'`)
const types = (file: string, from: string): string[] => line(file, `import type { A } from '${from}'`)

describe('who may import whom', () => {
  it('says where a line belongs that stands in the wrong room', () => {
    expect(line('core/x.ts', "import { b } from './b.ts'\n\nimport { readFileSync } from 'node:fs'")).toEqual([
      'core/x.ts:3 imports node:fs, but core is pure: reading and writing belong in effects/ behind a port of flows/ports.ts',
    ])
  })

  it.each([
    ['events/a.ts', 'zod/mini'],
    ['events/a.ts', './b.ts'],
    ['core/policy.ts', 'zod/mini'],
    ['core/digest.ts', 'node:crypto'],
    ['core/steps/a.ts', '../../events/contract.ts'],
    ['flows/reconcile.ts', '../core/lane/next.ts'],
    ['flows/acts/steps/a.ts', '../../../events/contract.ts'],
    ['effects/cluster/a.ts', '@kubernetes/client-node'],
    ['effects/ledger/a.ts', '@aws-sdk/client-dynamodb'],
    ['effects/ledger/a.ts', '../../flows/ports.ts'],
    ['effects/ledger/a.ts', '../../flows/ledger-port.ts'],
    ['effects/ledger/a.ts', '../../flows/ledger-rules.ts'],
    ['functions/a.ts', 'node:crypto'],
    ['functions/a.ts', '@middy/core'],
    ['functions/a.ts', '../flows/reconcile.ts'],
    ['functions/aws-binding.ts', '../effects/ledger/dynamo.ts'],
    ['functions/aws-binding-webhooks.ts', '../effects/ledger/dynamo.ts'],
    ['local/house.ts', 'node:sqlite'],
    ['local/page/a.ts', 'hono/html'],
    ['local/rig/a.ts', '../../effects/cluster/requests.ts'],
    ['cli/main.ts', 'commander'],
    ['cli/main.ts', '../local/house.ts'],
    ['infra/app.ts', 'aws-cdk-lib/aws-lambda'],
    ['test/a.test.ts', '../infra/app.ts'],
    ['bench/run.ts', 'tinybench'],
    ['scripts/a.ts', 'playwright-core'],
    ['signalbox.config.ts', './core/policy.ts'],
  ])('%s may import %s', (file, from) => {
    expect(value(file, from)).toEqual([])
  })

  it.each([
    ['events/a.ts', 'node:fs'],
    ['events/a.ts', '../core/lane/next.ts'],
    ['core/a.ts', 'node:crypto'],
    ['core/a.ts', 'zod'],
    ['core/a.ts', '../flows/ports.ts'],
    ['core/a.ts', '../effects/cluster/requests.ts'],
    ['flows/a.ts', 'zod'],
    ['flows/a.ts', 'node:timers'],
    ['flows/a.ts', '../effects/cluster/requests.ts'],
    ['flows/a.ts', '../local/house.ts'],
    ['effects/cluster/a.ts', 'aws-lambda'],
    ['effects/ledger/a.ts', '@kubernetes/client-node'],
    ['effects/ledger/a.ts', '../../flows/reconcile.ts'],
    ['effects/ledger/a.ts', '../../local/ledger/memory-ledger.ts'],
    ['functions/a.ts', '../effects/ledger/dynamo.ts'],
    ['functions/a.ts', 'node:fs'],
    ['functions/a.ts', '@aws-sdk/client-s3'],
    ['local/a.ts', '../effects/ledger/dynamo.ts'],
    ['local/a.ts', '../effects/workflow/mode.ts'],
    ['local/a.ts', '@aws/durable-execution-sdk-js'],
    ['local/a.ts', '../cli/main.ts'],
    ['cli/a.ts', '../infra/app.ts'],
    ['cli/a.ts', '../test/a.ts'],
    ['cli/a.ts', 'hono'],
    ['infra/a.ts', '../effects/ledger/dynamo.ts'],
    ['signalbox.config.ts', './core/lane/next.ts'],
    ['signalbox.config.ts', 'node:os'],
  ])('%s may not import %s, not even its types', (file, from) => {
    for (const found of [value(file, from), types(file, from)]) {
      expect(found).toHaveLength(1)
      expect(found[0]).toMatch(/^\S+:1 imports \S+, but .+: .+/)
    }
  })

  it.each([
    ['core/a.ts', '@kubernetes/client-node'],
    ['functions/a.ts', 'aws-lambda'],
    ['infra/a.ts', '../core/names.ts'],
  ])('%s may import only the types of %s', (file, from) => {
    expect(types(file, from)).toEqual([])
    expect(value(file, from)).toEqual([expect.stringContaining('`import type`')])
    expect(line(file, `import { type A } from '${from}'`), 'loads the module').toHaveLength(1)
  })

  it('a name that only begins like an allowed library is another library', () => {
    expect(value('events/a.ts', 'zod-to-json-schema')).toHaveLength(1)
    expect(value('cli/a.ts', 'commander-extra')).toHaveLength(1)
  })

  it('an exception names who may', () => {
    expect(value('core/a.ts', 'zod/mini')[0]).toContain('only core/policy.ts, core/policy/, core/promotion.ts may')
    expect(value('functions/a.ts', '../effects/a/b.ts')[0]).toContain('only functions/aws-binding may')
  })

  it('an import that is computed is for those who load the user’s files', () => {
    expect(line('cli/a.ts', 'await import(path)')).toEqual([])
    expect(line('core/a.ts', 'await import(path)')[0]).toContain('core/a.ts:1 imports what is only known at run time')
  })

  it('a file in no room is told about', () => {
    expect(line('tools/a.ts', '')).toEqual([expect.stringContaining('tools/a.ts stands in no room')])
  })

  it('every room can say where any line belongs', () => {
    for (const [name, { instead, libraries }] of Object.entries(HOUSE))
      if (!libraries.some(({ of }) => of === '')) expect(instead.at(-1), name).toMatchObject({ of: '' })
    expect(roomOf('core/steps/a.ts')).toBe('core')
  })
})

describe('the other habits', () => {
  it('no cycles, type-only ones included', () => {
    const found = judge({
      'core/a.ts': "import type { B } from './b.ts'",
      'core/b.ts': "import type { C } from './steps/c.ts'",
      'core/steps/c.ts': "let a: import('../a.ts').A",
      'core/d.ts': "import { a } from './a.ts'",
    })
    expect(found).toEqual([expect.stringContaining('core/a.ts → core/b.ts → core/steps/c.ts → core/a.ts is a cycle')])
  })

  it('tells of each group of files in a cycle once, by its shortest way', () => {
    const found = judge({
      'core/a.ts': "import './b.ts'\nimport './c.ts'",
      'core/b.ts': "import './c.ts'",
      'core/c.ts': "import './a.ts'",
      'core/x.ts': "import './x.ts'",
    })
    expect(found).toHaveLength(2)
    expect(found[0]).toContain('core/a.ts → core/c.ts → core/a.ts')
    expect(found[1]).toContain('core/x.ts → core/x.ts')
  })

  it('a diamond is no cycle', () => {
    expect(
      judge({
        'core/a.ts': "import './b.ts'\nimport './c.ts'",
        'core/b.ts': "import './d.ts'",
        'core/c.ts': "import './d.ts'",
        'core/d.ts': '',
      }),
    ).toEqual([])
  })

  it('no barrels', () => {
    expect(line('core/index.ts', "export * from './next.ts'")).toEqual([
      expect.stringContaining('core/index.ts only hands on'),
    ])
  })

  it('the environment is read in a few places only', () => {
    for (const file of [
      'core/a.ts',
      'flows/a.ts',
      'effects/cluster/a.ts',
      'functions/a.ts',
      'local/house.ts',
      'cli/plan.ts',
      'test/core/a.test.ts',
      'infra/stacks/a.ts',
    ])
      expect(line(file, '\nprocess.env.HOME'), file).toEqual([
        expect.stringContaining(`${file}:2 reads the environment`),
      ])
    for (const beginning of ENVIRONMENT)
      expect(line(beginning.replace(/\/?(\.ts)?$/, '/a.ts'), ''), beginning).toEqual([])
    for (const file of [
      'functions/aws-binding.ts',
      'infra/app.ts',
      'local/main.ts',
      'local/secrets/file.ts',
      'cli/main.ts',
    ])
      expect(line(file, 'process.env.HOME'), file).toEqual([])
  })

  it('no file or folder has a name that says nothing', () => {
    for (const name of FORBIDDEN_NAMES) {
      expect(line(`core/${name}.ts`, '')).toEqual([expect.stringContaining('says nothing about what is inside')])
      expect(line(`core/${name}/a.ts`, '')).toHaveLength(1)
      expect(line(`test/core/${name}.test.ts`, '')).toHaveLength(1)
    }
    expect(line('core/library.ts', '')).toEqual([])
  })

  it('a file has at most 250 lines', () => {
    expect(line('core/a.ts', 'a\n'.repeat(250))).toEqual([])
    expect(line('core/a.ts', 'a\n'.repeat(251))).toEqual([expect.stringContaining('core/a.ts has 251 lines')])
  })
})
