import * as z from 'zod'

const id = (prefix: string) => z.string().regex(new RegExp(`^${prefix}-[0-9a-f]+$`), `looks like \`${prefix}-0abc…\``)

/** Services that the doors call and EC2 has interface endpoints for, by AWS's short names. */
const SERVICES = ['sqs', 'events', 'secretsmanager', 'ssm'] as const
export type Service = (typeof SERVICES)[number]

const PERCENT = z.number().min(1, 'is a percentage: 80 for four fifths').max(1000)

const CIDR = 'is a range of the VPC such as `10.0.0.0/16`, of /16 to /28'
/** Sizes that EC2 lets a VPC's range have: never the whole internet. */
const SIZES = /\/(1[6-9]|2[0-8])$/

const shape = z.strictObject({
  account: z.string().regex(/^\d{12}$/, 'is an AWS account id: 12 digits in quotes'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is a region such as `eu-central-1`'),
  cluster: z.strictObject({
    name: z.string().min(1),
    endpoint: z.url({ protocol: /^https$/, error: 'is the https endpoint of `aws eks describe-cluster`' }),
    /** Base64, from `aws eks describe-cluster`. */
    certificateAuthority: z.base64().min(4),
    securityGroup: id('sg'),
  }),
  vpc: z.strictObject({
    id: id('vpc'),
    availabilityZones: z.array(z.string().min(1)).min(1),
    /** Private, with a way to MLflow and, through a NAT gateway, to Slack. One of each zone, in its order. */
    subnets: z.array(id('subnet')).min(1),
    /** Interface endpoints for what the doors call, in a VPC whose NAT gateway should not carry it: all, or those named. */
    endpoints: z
      .union([z.boolean(), z.array(z.enum(SERVICES))], `is true, false or a list of ${SERVICES.join(', ')}`)
      .default(false)
      .transform((which): Service[] => [...new Set(which === true ? SERVICES : which === false ? [] : which)]),
    /** The VPC's own address ranges: they reach the endpoints, which answer for the whole VPC. */
    cidrs: z.array(z.cidrv4({ error: CIDR, abort: true }).regex(SIZES, CIDR)).default([]),
    /** Route tables of the subnets: S3 and DynamoDB are reached through endpoints in them, which cost nothing. */
    routeTables: z.array(id('rtb')).min(1).optional(),
  }),
  mlflow: z.strictObject({ url: z.url({ protocol: /^https?$/, error: 'is the tracking server’s URL' }) }),
  /** A server of Prometheus' HTTP API, which is asked whether alerts still fire; nobody is when left out. */
  prometheus: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/, error: 'is where Prometheus’ API begins, before /api/v1', abort: true })
        .refine(
          (url) => new URL(url).username === '',
          'holds no name and no password: they go into the secret prometheus-token',
        ),
    })
    .optional(),
  /** Whether the buckets of the policy are there already, with EventBridge notifications on, or are made. */
  buckets: z.enum(['existing', 'create']).default('existing'),
  /** Whether the schedules run: off until `doctor` passes, and after a restore until its resync. */
  schedules: z.enum(['off', 'on']).default('off'),
  /** Who hears alarms; nobody but the dashboard when left out. */
  alarms: z.strictObject({ email: z.email() }).optional(),
  /** What AWS counts beside us: a budget for that of the policy, whose notices come to a door. Left out: none is made. */
  money: z
    .strictObject({
      /** Percent of the budget at which AWS tells that they are spent. */
      alerts: z.array(PERCENT).min(1).max(5).default([80, 100]),
      /** The same of what AWS forecasts of the month. */
      forecasts: z.array(PERCENT).max(3).default([]),
      /** Karpenter’s controller’s role, by its name: which `budget.lastResort` of the policy keeps from launching GPU nodes. */
      karpenterRole: z
        .string()
        .regex(/^[\w+=,.@-]{1,64}$/, 'is the name of a role, not its ARN')
        .optional(),
      /** A subscription to cost anomalies of at least so many dollars, of a monitor that is there, or of one that is made. */
      anomalies: z
        .strictObject({
          dollars: z.number().positive(),
          monitor: z
            .string()
            .regex(/^arn:[\w-]+:ce::\d{12}:anomalymonitor\/[\w-]+$/, 'is the ARN of a monitor')
            .optional(),
        })
        .optional(),
    })
    .optional(),
})

/** Where the stacks go, as `cdk.json` says under `signalbox`. */
export type Settings = z.output<typeof shape>

/** The example's account, with which everything synthesizes and nothing is deployed. */
export const EXAMPLE_ACCOUNT = '111122223333'

/** Checks the context. Throws one error that names every path and what to write there. */
export const settingsFrom = (context: unknown): Settings => {
  if (context === undefined) throw new Error('cdk.json has no `signalbox` under `context`: see docs/deploy.md, step 3')
  const parsed = shape.safeParse(context)
  const problems = parsed.success
    ? mismatches(parsed.data)
    : parsed.error.issues.map(({ path, message }) => `signalbox.${path.join('.')}: ${message}`)
  if (problems.length > 0) throw new Error(`cdk.json has ${problems.length} problems:\n  - ${problems.join('\n  - ')}`)
  return (parsed as { data: Settings }).data
}

const mismatches = ({ vpc }: Settings): string[] => [
  ...(vpc.subnets.length % vpc.availabilityZones.length === 0
    ? []
    : ['signalbox.vpc.subnets: give as many subnets for each availability zone, in the order of the zones']),
  ...(vpc.endpoints.length === 0 || vpc.cidrs.length > 0
    ? []
    : [
        'signalbox.vpc.cidrs: with `endpoints`, name the address ranges of the VPC (`aws ec2 describe-vpcs`): all in it that calls these services comes to the endpoints',
      ]),
  ...(vpc.routeTables === undefined || vpc.endpoints.length > 0
    ? []
    : ['signalbox.vpc.routeTables: only with `endpoints`; leave it out where a NAT gateway carries everything']),
]
