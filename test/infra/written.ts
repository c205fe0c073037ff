type Json = Record<string, unknown>
interface Resource {
  Type: string
  Properties?: Json
}

/** A template as CloudFormation reads it. */
export interface Written {
  Resources: Record<string, Resource>
  Outputs?: Record<string, { Value: unknown; Export?: { Name: string } }>
}

const PLACE = 'eu-central-1:111122223333'
const PSEUDO: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::AccountId': '111122223333',
}

/** What each part's ARN will be, for the example's account, by what CloudFormation documents; nothing that CDK says. */
const ARNS: Record<string, (named: Json, id: string) => string> = {
  'AWS::DynamoDB::Table': ({ TableName }) => `arn:aws:dynamodb:${PLACE}:table/${TableName}`,
  'AWS::Events::EventBus': ({ Name }) => `arn:aws:events:${PLACE}:event-bus/${Name}`,
  'AWS::Events::Rule': (_, id) => `arn:aws:events:${PLACE}:rule/${id}`,
  'AWS::IAM::Role': ({ RoleName }, id) => `arn:aws:iam::111122223333:role/${RoleName ?? id}`,
  'AWS::Lambda::Function': ({ FunctionName }) => `arn:aws:lambda:${PLACE}:function:${FunctionName}`,
  'AWS::Logs::LogGroup': ({ LogGroupName }) => `arn:aws:logs:${PLACE}:log-group:${LogGroupName}:*`,
  'AWS::SQS::Queue': ({ QueueName }) => `arn:aws:sqs:${PLACE}:${QueueName}`,
}

/** What `Ref` gives, where it is not the logical id. */
const REFS: Record<string, (named: Json, read: (value: unknown) => string) => unknown> = {
  'AWS::DynamoDB::Table': ({ TableName }) => TableName,
  'AWS::Lambda::Alias': ({ FunctionName, Name }, read) =>
    `arn:aws:lambda:${PLACE}:function:${read(FunctionName)}:${Name}`,
  'AWS::Lambda::Function': ({ FunctionName }) => FunctionName,
  'AWS::Logs::LogGroup': ({ LogGroupName }) => LogGroupName,
  'AWS::SecretsManager::Secret': ({ Name }) => `arn:aws:secretsmanager:${PLACE}:secret:${Name}`,
  'AWS::SSM::Parameter': ({ Name }) => Name,
}

/**
 * Makes of a value in a template what it will be once all of them are deployed: references, joins and imports become ARNs
 * and names. Throws at what it does not know, so that nothing is compared unread.
 */
export const readerOf =
  (templates: readonly Written[]) =>
  (template: Written, value: unknown): string => {
    if (typeof value === 'string') return value
    const [[how, what]] = Object.entries(value as Json) as [[string, unknown]]
    const read = (one: unknown): string => readerOf(templates)(template, one)
    const resource = (id: string): Resource => template.Resources[id] ?? unknown(`there is no resource ${id}`)
    switch (how) {
      case 'Fn::Join': {
        const [between, parts] = what as [string, unknown[]]
        return parts.map(read).join(between)
      }
      case 'Fn::Select': {
        const [at, { 'Fn::Split': split }] = what as [number, { 'Fn::Split': [string, unknown] }]
        return read(split[1]).split(split[0])[at] ?? unknown(`there is no part ${at}`)
      }
      case 'Ref': {
        const id = what as string
        if (Object.hasOwn(PSEUDO, id)) return PSEUDO[id]!
        const { Type, Properties = {} } = resource(id)
        return String(REFS[Type]?.(Properties, read) ?? id)
      }
      case 'Fn::GetAtt': {
        const [id, attribute] = what as [string, string]
        const { Type, Properties = {} } = resource(id)
        const arn = ARNS[Type] ?? unknown(`the ARN of ${Type} is not known here`)
        if (attribute === 'QueueName') return read(Properties[attribute])
        return attribute === 'Arn' ? arn(Properties, id) : `${arn(Properties, id)} ${attribute}`
      }
      case 'Fn::ImportValue':
        return imported(templates, what as string)
      default:
        return unknown(`${how} is not known here`)
    }
  }

const imported = (templates: readonly Written[], name: string): string => {
  for (const template of templates)
    for (const { Value, Export } of Object.values(template.Outputs ?? {}))
      if (Export?.Name === name) return readerOf(templates)(template, Value)
  return unknown(`no stack exports ${name}`)
}

const unknown = (problem: string): never => {
  throw new Error(problem)
}
