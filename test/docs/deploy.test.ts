import { readFileSync } from 'node:fs'
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { bootstrapManifests } from '../../core/bootstrap/manifests.ts'
import { parsePolicy } from '../../core/policy.ts'
import { clusterDoors } from '../../local/doors.ts'
import config from '../example.ts'
import { synth } from '../infra/synth.ts'

const page = readFileSync('docs/deploy.md', 'utf8')
const sectionOf = (title: string): string => page.split('\n## ').find((text) => text.startsWith(title)) ?? ''
const tearDown = sectionOf('Tear-down')

describe('docs/deploy.md', () => {
  it.each(['4. Deploy', 'Tear-down'])('%s: builds before CDK reads what is built', (title) => {
    const section = sectionOf(title)
    const [build, cdk] = [section.indexOf('npm run build'), section.indexOf('npx cdk')]
    expect(build).toBeGreaterThan(-1)
    expect(cdk).toBeGreaterThan(build)
  })

  it('no kubectl works on whatever cluster is the current one', () => {
    for (const [, command] of page.matchAll(/kubectl (--context \S+ )?(?:apply|delete)/g))
      expect(command).toBe('--context NAME ')
  })

  it('tells how a state stack that was rolled back is deployed again', () => {
    expect(sectionOf('4. Deploy')).toMatch(/update-termination-protection --no-enable-\S+ --stack-name signalbox-state/)
  })

  it.each(['MLflow that is private', '`DoorsSecurityGroup`'])('step 4 has %s', (words) => {
    expect(sectionOf('4. Deploy')).toContain(words)
  })
})

it('who runs doctor reads there which rights it needs: each that it asks AWS for', () => {
  const asked = ['checks', 'eks-checks'].flatMap((file) => {
    const text = readFileSync(`effects/aws/${file}.ts`, 'utf8')
    return [...text.matchAll(/new (\w+)Command\(/g)].map(([, action = '']) =>
      action.replace('NotificationConfiguration', 'Notification'),
    )
  })
  // The runner is read through the port of objects: what is there, and, where it is not, that it is not.
  asked.push('GetObject', 'ListBucket')
  const said = [...sectionOf('8. Let it run').matchAll(/`\w+:([A-Z]\w+)`/g)].map(([, action]) => action)
  expect(said.sort()).toEqual([...new Set(asked)].sort())
})

describe('the tear-down', () => {
  /** What a destroyed stack leaves, by type. */
  const kept = Object.values(
    Template.fromStack(synth('kept', config, { buckets: 'create' }).stacks.state).toJSON().Resources as Record<
      string,
      { Type: string; DeletionPolicy?: string; Properties: Record<string, string> }
    >,
  ).filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy !== 'Delete')
  const ofType = (type: string, name: string): string[] =>
    kept.flatMap(({ Type, Properties }) => (Type === type ? [Properties[name] ?? ''] : []))

  it('removes everything that stays by its name', () => {
    const [table] = ofType('AWS::DynamoDB::Table', 'TableName')
    const order = ['update-table --no-deletion-protection-enabled', 'delete-table'].map((what) =>
      tearDown.indexOf(`aws dynamodb ${what} --table-name ${table}`),
    )
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order).not.toContain(-1)
    const secrets = ofType('AWS::SecretsManager::Secret', 'Name').map((name) => name.replace('signalbox/', ''))
    const looped = /for secret in (.*); do\n.* --secret-id signalbox\/\$secret\n/.exec(tearDown)?.[1]?.split(' ')
    expect(looped).toEqual(secrets)
    expect(ofType('AWS::S3::Bucket', 'BucketName')).toHaveLength(2)
    expect(tearDown).toContain('aws s3api delete-bucket --bucket NAME')
    const types = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret']
    expect([...new Set(kept.map(({ Type }) => Type))].sort()).toEqual(types)
  })

  it('leaves namespaces and node pools in the cluster, and names the kinds that go', () => {
    const left = /select\(\.kind \| IN\(([^)]*)\) \| not\)/.exec(tearDown)?.[1] ?? ''
    expect(JSON.parse(`[${left}]`)).toEqual(['Namespace', 'NodePool', 'EC2NodeClass'])
    const kinds = bootstrapManifests(parsePolicy(config), clusterDoors).map(({ kind }) => kind)
    const said = /This deletes ([^:]*) and leaves/.exec(tearDown)?.[1]?.split(/[\s,]+/)
    expect(said).toEqual(expect.arrayContaining(kinds.filter((kind) => !left.includes(kind))))
  })
})

describe('a table that is restored under its name', () => {
  const { stacks } = synth('restored', config)
  const [table] = Object.values(Template.fromStack(stacks.state).findResources('AWS::DynamoDB::Table'))
  const recipe = /```sh\nT=signalbox-ledger\n([^`]|`[^`])*```/.exec(readFileSync('docs/runbook.md', 'utf8'))?.[0] ?? ''
  /** What brings each property back; null: a restore does. */
  const BACK: Record<string, string | null> = {
    TableName: 'restore-table-from-backup --target-table-name $T ',
    KeySchema: null,
    AttributeDefinitions: null,
    BillingMode: null,
    SSESpecification: '--sse-specification-override Enabled=true,SSEType=KMS',
    TimeToLiveSpecification: `Enabled=true,AttributeName=${table?.['Properties'].TimeToLiveSpecification.AttributeName}`,
    PointInTimeRecoverySpecification: '--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true',
    DeletionProtectionEnabled: 'update-table --deletion-protection-enabled --table-name $T',
  }

  it('is again what the stack has made: each of its properties comes back', () => {
    expect(Object.keys(table?.['Properties'] ?? {}).sort()).toEqual(Object.keys(BACK).sort())
    for (const said of Object.values(BACK)) expect(recipe).toContain(said ?? '')
  })

  it('is deleted only after backups of both, and is protected last', () => {
    const order = [
      'restore-table-to-point-in-time',
      'create-backup --table-name $T-restored',
      'create-backup --table-name $T ',
    ]
      .concat(['describe-backup', 'update-table --no-deletion-protection-enabled', 'delete-table --table-name $T\n'])
      .concat([
        'restore-table-from-backup',
        'update-table --deletion-protection-enabled',
        'delete-table --table-name $T-restored',
      ])
      .map((what) => recipe.indexOf(what))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order).not.toContain(-1)
  })
})
