import { readFileSync } from 'node:fs'
import { pricesFromList } from '../../core/money/price-list.ts'
import { parsePolicy } from '../../core/policy.ts'
import { readConfig } from '../../local/policies/file-policies.ts'
import { columns, EXIT, Explained, type Output, show } from '../output.ts'

/** Prices of the policy's pools from a file of the AWS price list, to be pasted into the config. */
export const prices = async (
  { from, region, config }: { from: string; region: string; config: string },
  output: Output,
): Promise<number> => {
  const { pools } = parsePolicy(await readConfig(config))
  const types = [...new Set(Object.values(pools).map(({ instanceType }) => instanceType))]
  const found = pricesFromList(readList(from), { region, instanceTypes: types })
  const rows = Object.entries(pools).map(([pool, { instanceType, price }]) => {
    const now = found.prices.find((one) => one.instanceType === instanceType)
    const why = found.missing.find((one) => one.instanceType === instanceType)?.why ?? ''
    return {
      pool,
      instanceType,
      inForce: price,
      price: now === undefined ? null : { ...now, instanceType: undefined },
      why,
    }
  })
  const lines = rows.map(({ pool, price, inForce, why }) => [
    `pools.${pool}.price`,
    price === null
      ? why
      : `{ perNodeHour: ${price.perNodeHour}, source: '${price.source}', date: '${price.date}' }${inForce?.perNodeHour === price.perNodeHour ? '  (as it is)' : `  (is ${inForce?.perNodeHour ?? 'not set'})`}`,
  ])
  show(output, { prices: rows }, columns(lines))
  return found.missing.length === 0 ? EXIT.ok : EXIT.failed
}

const readList = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown
  } catch (error) {
    throw new Explained(
      `${file} cannot be read as the price list: ${error instanceof Error ? error.message : String(error)}. Take what \`aws pricing get-products --service-code AmazonEC2 --region us-east-1 --filters Type=TERM_MATCH,Field=regionCode,Value=REGION Type=TERM_MATCH,Field=instanceType,Value=p5.48xlarge\` prints`,
    )
  }
}
