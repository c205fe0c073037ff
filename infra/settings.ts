import * as z from 'zod'

const id = (prefix: string) => z.string().regex(new RegExp(`^${prefix}-[0-9a-f]+$`), `looks like \`${prefix}-0abc…\``)

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
    /** Interface endpoints for what the doors call, in a VPC whose NAT gateway should not carry it. */
    endpoints: z.boolean().default(false),
    /** Route tables of the subnets: S3 and DynamoDB are reached through endpoints in them, which cost nothing. */
    routeTables: z.array(id('rtb')).min(1).optional(),
  }),
  mlflow: z.strictObject({ url: z.url({ protocol: /^https?$/, error: 'is the tracking server’s URL' }) }),
  /** Whether the buckets of the policy are there already, with EventBridge notifications on, or are made. */
  buckets: z.enum(['existing', 'create']).default('existing'),
  /** Who hears alarms; nobody but the dashboard when left out. */
  alarms: z.strictObject({ email: z.email() }).optional(),
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
  ...(vpc.routeTables === undefined || vpc.endpoints
    ? []
    : ['signalbox.vpc.routeTables: only with `endpoints: true`; leave it out where a NAT gateway carries everything']),
]
