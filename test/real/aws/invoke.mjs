// A fresh process, as Lambda starts one: takes a bundle, calls its handler with each event, prints the answers.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const [bundle = ''] = process.argv.slice(2)
const events = JSON.parse(await text(process.stdin))
// Slack has no setting that says where it is: what is sent there goes to the stand-in.
const { SLACK_STAND_IN, MILLISECONDS_LEFT = '4000' } = process.env
const { fetch } = globalThis
if (SLACK_STAND_IN !== undefined)
  globalThis.fetch = (to, options) =>
    fetch(String(to).replace(/^https:\/\/(slack\.com\/api|hooks\.slack\.com)\//, SLACK_STAND_IN), options)
let handler
try {
  handler = createRequire(import.meta.url)(bundle).handler
} catch (error) {
  // As Lambda's runtime tells a failed start: the message alone.
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
const context = {
  functionName: 'signalbox',
  awsRequestId: '00000000-0000-4000-8000-000000000000',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:signalbox:live',
  getRemainingTimeInMillis: () => Number(MILLISECONDS_LEFT),
}
const answers = []
for (const event of events)
  answers.push(
    await handler(event, context).catch((/** @type {Error} */ error) => ({ threw: `${error.name}: ${error.message}` })),
  )
process.stdout.write(`\n#ANSWERS${JSON.stringify(answers)}\n`, () => process.exit(0))
