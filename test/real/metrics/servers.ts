import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '../../../local/rig/processes.ts'
import type { Exposed } from '../../ports/metrics.contract.ts'
import { programOf } from './programs.ts'

/** A program that ends with us, and is ready once its address says so. */
const started = async (program: string, { args, cwd, url }: { args: string[]; cwd: string; url: string }) => {
  // It is killed with the shell, whose standard input ends when we do.
  const child = spawn('sh', ['-c', '"$0" "$@" & trap "kill $!" EXIT; cat >/dev/null', program, ...args], {
    cwd,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2000)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const end = async (): Promise<void> => {
    child.stdin.end()
    await ended
  }
  for (let tries = 0; tries < 300; tries++) {
    const answer = await fetch(`${url}/-/ready`).catch(() => null)
    if (answer?.status === 200) return end
    await pause(100)
  }
  await end()
  throw new Error(`${program} is not ready after 30 s: ${complaints}`)
}

/** A real Prometheus on loopback that scrapes and evaluates once a second, and what it scrapes. */
export interface RealPrometheus {
  url: string
  /** What there is to scrape from now on. */
  expose(series: readonly Exposed[]): void
  close(): Promise<void>
}

/** `rules`: its file of rules; `alertmanager`: the address that it tells; `scrapes`: what it looks for besides ours. */
export const openPrometheusServer = async (
  rules: string,
  alertmanager?: string,
  scrapes: readonly object[] = [],
): Promise<RealPrometheus> => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-prometheus-'))
  const [port, target] = (await freePorts(2)) as [number, number]
  let exposed: readonly Exposed[] = []
  const scraped = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/plain; version=0.0.4')
    answer.end(exposed.map(lineOf).join(''))
  })
  await new Promise<void>((resolve) => scraped.listen(target, '127.0.0.1', resolve))
  writeFileSync(join(folder, 'rules.yml'), rules)
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(configOf(target, { alertmanager, scrapes })))
  const url = `http://127.0.0.1:${port}`
  const args = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`]
  const end = await started(await programOf('prometheus'), { args, cwd: folder, url })
  await scrapedOnce(url)
  return {
    url,
    expose: (series) => {
      exposed = series
    },
    close: async () => {
      await end()
      scraped.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** It looks for what to scrape some seconds after it is ready. */
const scrapedOnce = async (url: string): Promise<void> => {
  for (let tries = 0; tries < 300; tries++) {
    const answer = await fetch(`${url}/api/v1/query?query=up`).then(async (said) => said.text())
    if (answer.includes('"1"]')) return
    await pause(100)
  }
  throw new Error('Prometheus has scraped nothing after 30 s')
}

/** JSON is YAML. */
const configOf = (
  target: number,
  { alertmanager, scrapes }: { alertmanager: string | undefined; scrapes: readonly object[] },
) => ({
  global: { scrape_interval: '1s', evaluation_interval: '1s', external_labels: { cluster: 'test' } },
  rule_files: ['rules.yml'],
  scrape_configs: [{ job_name: 'ours', static_configs: [{ targets: [`127.0.0.1:${target}`] }] }, ...scrapes],
  ...(alertmanager === undefined
    ? {}
    : { alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager).host] }] }] } }),
})

const lineOf = ([name, labels, value]: Exposed): string => {
  const inside = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`)
  const number = value === Number.POSITIVE_INFINITY ? '+Inf' : String(value)
  return `${name}{${inside.join(',')}} ${number}\n`
}

/** A real Alertmanager on loopback that tells a receiver at once, and again every few seconds. `receiver`: its webhook's settings. */
export const openAlertmanager = async (receiver: object): Promise<{ url: string; close(): Promise<void> }> => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-alertmanager-'))
  const [port] = (await freePorts(1)) as [number]
  const url = `http://127.0.0.1:${port}`
  const config = {
    route: {
      receiver: 'signalbox',
      group_by: ['alertname'],
      group_wait: '1s',
      group_interval: '2s',
      repeat_interval: '4s',
    },
    receivers: [{ name: 'signalbox', webhook_configs: [receiver] }],
  }
  writeFileSync(join(folder, 'am.yml'), JSON.stringify(config))
  const args = ['--config.file=am.yml', '--storage.path=data', `--web.listen-address=127.0.0.1:${port}`]
  const more = ['--cluster.listen-address=', '--web.external-url=http://alertmanager.test']
  const end = await started(await programOf('alertmanager'), {
    args: [...args, ...more],
    cwd: folder,
    url,
  })
  return {
    url,
    close: async () => {
      await end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
