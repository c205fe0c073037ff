import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type ListPrice, pricesFromList } from '../../core/money/price-list.ts'
import { typesOf } from '../../core/policy/pools.ts'
import { type PoolPolicy, parsePolicy } from '../../core/policy.ts'
import { readSimulated } from '../../local/policies/file-policies.ts'
import { columns, EXIT, Explained, type Output, show } from '../output.ts'

/** The command. */
export const addPrices = (
  add: (name: string, about: string) => Command,
  output: Output,
  done: (code: number) => void,
): void => {
  add('prices', 'print prices of the pools from a file of the AWS price list, to paste into the config')
    .option('--config <file>', 'the policy', 'signalbox.config.ts')
    .requiredOption('--from <file>', 'the list’s JSON for EC2, or what `aws pricing get-products` prints')
    .requiredOption('--region <region>', 'e.g. eu-central-1')
    .action(async (flags: { from: string; region: string; config: string }) => done(await prices(flags, output)))
}

/** Prices of the policy's pools from a file of the AWS price list, to be pasted into the config. */
const prices = async (
  { from, region, config }: { from: string; region: string; config: string },
  output: Output,
): Promise<number> => {
  const { pools } = parsePolicy(await readSimulated(config))
  const types = [...new Set(Object.values(pools).flatMap(typesOf))]
  const found = pricesFromList(readList(from), { region, instanceTypes: types })
  const rows = Object.entries(pools).map(([name, pool]) => ({ pool: name, ...rowOf(pool, found) }))
  const lines = rows.map(({ pool, price, inForce, why }) => [
    `pools.${pool}.price`,
    price === null
      ? why
      : `{ perNodeHour: ${price.perNodeHour}, ${ownPrices(inForce)}source: '${price.source}', date: '${price.date}' }${inForce?.perNodeHour === price.perNodeHour ? '  (as it is)' : `  (is ${inForce?.perNodeHour ?? 'not set'})`}`,
  ])
  show(output, { prices: rows }, columns(lines))
  return found.missing.length === 0 ? EXIT.ok : EXIT.failed
}

/** The dearest of a pool's types, since any may be what is started; none where one of them has none. */
const rowOf = (
  pool: PoolPolicy,
  { prices, missing }: { prices: ListPrice[]; missing: { instanceType: string; why: string }[] },
) => {
  const types = typesOf(pool)
  const own = prices.filter(({ instanceType }) => types.includes(instanceType))
  const dearest = own.toSorted((a, b) => b.perNodeHour - a.perNodeHour)[0]
  const why = missing.filter(({ instanceType }) => types.includes(instanceType))
  const [instanceType = ''] = types
  const one = why.length === 0 && dearest !== undefined ? dearest : null
  return {
    instanceType: one?.instanceType ?? why[0]?.instanceType ?? instanceType,
    inForce: pool.price,
    price: one === null ? null : { ...one, instanceType: undefined },
    why: why.map((each) => (types.length === 1 ? each.why : `${each.instanceType}: ${each.why}`)).join('; '),
  }
}

/** What the list does not have, as the policy says it. */
const ownPrices = (price: PoolPolicy['price']): string =>
  (['spot', 'reserved'] as const)
    .flatMap((type) => (price?.[type] === undefined ? [] : [`${type}: ${price[type]}, `]))
    .join('')

const readList = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown
  } catch (error) {
    throw new Explained(
      `${file} cannot be read as the price list: ${error instanceof Error ? error.message : String(error)}. Take what \`aws pricing get-products --service-code AmazonEC2 --region us-east-1 --filters Type=TERM_MATCH,Field=regionCode,Value=REGION Type=TERM_MATCH,Field=instanceType,Value=p5.48xlarge\` prints`,
    )
  }
}
