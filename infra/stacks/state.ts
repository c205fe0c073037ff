import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import { Archive, EventBus } from 'aws-cdk-lib/aws-events'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { RECONCILE_SECONDS } from '../../functions/aws-binding/patience.ts'
import { takesToken } from '../constructs/arns.ts'
import { secretName } from '../naming.ts'
import type { PolicyFacts } from '../policy.ts'
import type { Settings } from '../settings.ts'

/** Secrets that a person fills in once: docs/deploy.md, step 6. */
export const SECRETS = ['mlflow-webhook', 'mlflow-token', 'slack-signing', 'slack-bot-token', 'alert-webhook'] as const

/** Kept whatever becomes of the stack; but one that a first, rolled back deployment made goes, or the next finds its name taken. */
const KEPT = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE

/** Twice the scope of a lane's group, never one without the other: equal ids of two lanes are two, and lanes do not throttle each other. */
const PER_GROUP = {
  deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
  fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
}
/** Deliveries of a wake: one may be counted that nobody got, and only who kills its consumer is delivered so often. */
const DELIVERIES = 5

/** What must outlive every deployment: the ledger, the buckets, the bus with its archive, the work queue, failed work, secrets. */
export class StateStack extends Stack {
  readonly table: Table
  readonly bus: EventBus
  /** Wakes of lanes: hints, which carry no truth. */
  readonly wakes: Queue
  /** Wakes whose consumers died each time. */
  readonly dead: Queue
  /** Events that no function took, and those that every try of a function failed on. */
  readonly failures: Queue
  /** Buckets of the policy that were not there. */
  readonly made: Bucket[]

  constructor(scope: Construct, id: string, props: StackProps & { settings: Settings; policy: PolicyFacts }) {
    super(scope, id, props)
    const { settings, policy } = props
    const { installation } = policy
    this.table = new Table(this, 'Ledger', {
      tableName: `${installation}-ledger`,
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      timeToLiveAttribute: 'expires',
      // Not KEPT: DynamoDB would refuse to delete a protected table, and the rollback would fail.
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.bus = this.busWithArchive(installation)
    this.failures = new Queue(this, 'Failures', {
      queueName: `${installation}-failures`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    })
    this.takeFailures()
    this.dead = this.fifo('Dead', `${installation}-dead-wakes`, { retentionPeriod: Duration.days(14) })
    this.wakes = this.fifo('Wakes', `${installation}-wakes`, {
      ...PER_GROUP,
      // What Lambda's throttling needs; who receives shortens it first.
      visibilityTimeout: Duration.seconds(6 * RECONCILE_SECONDS),
      deadLetterQueue: { queue: this.dead, maxReceiveCount: DELIVERIES },
    })
    for (const name of [...SECRETS, ...(takesToken(settings.prometheus?.url) ? ['prometheus-token'] : [])])
      new Secret(this, `Secret-${name}`, {
        secretName: secretName(installation, name),
        description: `${name} of ${installation}: put its value in once, docs/deploy.md says where it is from`,
        removalPolicy: KEPT,
      })
    const names = new Set([...policy.datasetBuckets, policy.resultsBucket])
    const buckets = [...names].map((name) => this.bucket(name, settings.buckets, policy))
    this.made = buckets.filter((bucket) => bucket instanceof Bucket)
    this.makeLast(this.table)
  }

  /** After everything else: whatever fails before it is rolled back without leaving a table that nothing may delete. */
  private makeLast(last: Construct): void {
    const others = this.node.children.filter((child) => child !== last)
    last.node.addDependency(...others)
  }

  private busWithArchive(installation: string): EventBus {
    const bus = new EventBus(this, 'Bus', { eventBusName: installation })
    new Archive(this, 'Archive', {
      archiveName: `${installation}-events`,
      sourceEventBus: bus,
      eventPattern: { source: [{ prefix: 'signalbox' }] as unknown as string[] },
      retention: Duration.days(90),
    })
    return bus
  }

  private fifo(id: string, name: string, props: QueueProps): Queue {
    return new Queue(this, id, {
      queueName: `${name}.fifo`,
      fifo: true,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      ...props,
    })
  }

  private takeFailures(): void {
    // Rules and schedules are other stacks': the queue takes what they send from this account.
    this.failures.addToResourcePolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        principals: ['events', 'scheduler', 'sns'].map((service) => new ServicePrincipal(`${service}.amazonaws.com`)),
        resources: [this.failures.queueArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    )
  }

  /** One that is made sends its events by a property of its own: CDK's switch would deploy a function for it. */
  private bucket(name: string, how: Settings['buckets'], { datasetBuckets }: PolicyFacts): IBucket {
    if (how === 'existing') return Bucket.fromBucketName(this, `Bucket-${name}`, name)
    const bucket = new Bucket(this, `Bucket-${name}`, {
      bucketName: name,
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // Parts of an upload that was cut off are billed and seen in no list.
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(7) }],
      removalPolicy: KEPT,
    })
    if (datasetBuckets.includes(name))
      (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
        eventBridgeConfiguration: { eventBridgeEnabled: true },
      }
    return bucket
  }
}
