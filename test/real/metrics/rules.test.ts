import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { monitoringManifests, ruleGroups } from '../../../core/bootstrap/monitoring.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'
import { programOf } from './programs.ts'

const [pipeline] = Object.values(config.pipelines ?? {})
const nightly = { ...pipeline!, on: { schedule: { cron: '0 2 * * *', zone: 'UTC' } } }
const policy = parsePolicy({ ...config, pipelines: { nightly } as Config['pipelines'] })

interface Expected {
  at: string
  alert: string
  /** Labels of each that fires, with its sentence. */
  fires: [labels: Record<string, string>, summary: string][]
}

let folder: string
let promtool: string
beforeAll(async () => {
  promtool = await programOf('promtool')
  folder = mkdtempSync(join(tmpdir(), 'signalbox-rules-'))
  writeFileSync(join(folder, 'rules.yml'), JSON.stringify({ groups: ruleGroups(policy) }))
}, 900_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What promtool says; rejects with it where that is not what was expected. */
const run = async (...args: string[]): Promise<string> => {
  const told = (said: { stdout: string; stderr: string }) => `${said.stdout}${said.stderr}`
  return promisify(execFile)(promtool, args, { cwd: folder }).then(
    told,
    (error: { stdout: string; stderr: string }) => {
      throw new Error(told(error))
    },
  )
}

/** Prometheus' own evaluation, over time that passes at once: one sample of each series an `interval`. */
const evaluated = async (series: Record<string, string>, expected: Expected[], interval = '30s'): Promise<string> => {
  const test = {
    interval,
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: expected.map(({ at, alert, fires }) => ({
      eval_time: at,
      alertname: alert,
      exp_alerts: fires.map(([labels, summary]) => ({ exp_labels: labels, exp_annotations: { summary } })),
    })),
  }
  writeFileSync(
    join(folder, 'test.yml'),
    JSON.stringify({ rule_files: ['rules.yml'], evaluation_interval: interval, tests: [test] }),
  )
  return run('test', 'rules', 'test.yml')
}

const SERVED = { signalbox_installation: 'signalbox', signalbox_service: 'support-llama' }
const at = (metric: string, more: Record<string, string> = {}): string =>
  `${metric}{${Object.entries({ ...SERVED, pod: 'a', model_name: 'support-llama', engine: '0', ...more })
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}}`
const warns = { ...SERVED, severity: 'warning' }

/** A histogram of which each second gives 100 more, `within` of them at most `border` and the others at most `most`. */
const histogram = (metric: string, [border, within]: [string, number], most: string): Record<string, string> => ({
  [at(`${metric}_bucket`, { le: border })]: `0+${within}x400`,
  [at(`${metric}_bucket`, { le: most })]: '0+100x400',
  [at(`${metric}_bucket`, { le: '+Inf' })]: '0+100x400',
})

describe('rules, as Prometheus itself evaluates them', () => {
  it('are read without a word, and so is all that the dashboard draws', async () => {
    expect(await run('check', 'rules', 'rules.yml')).toContain('SUCCESS')
    const map = monitoringManifests(policy, { release: 'x', prober: null }).at(-1)
    const [text = '{}'] = Object.values(map?.['data'] as Record<string, string>)
    const { panels } = JSON.parse(text) as { panels: { targets: { expr: string }[] }[] }
    const drawn = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    const rules = drawn.map((expr, index) => ({ record: `drawn:${index}`, expr }))
    writeFileSync(join(folder, 'drawn.yml'), JSON.stringify({ groups: [{ name: 'drawn', rules }] }))
    expect(await run('check', 'rules', 'drawn.yml')).toContain(`${drawn.length} rules found`)
  })

  it('a slow first and next token are told after ten minutes, in numbers, and a quick one is not', async () => {
    const [first, next] = ['vllm:time_to_first_token_seconds', 'vllm:inter_token_latency_seconds']
    const slow = { ...histogram(first, ['2.5', 90], '5.0'), ...histogram(next, ['0.2', 90], '0.3') }
    await evaluated(slow, [
      { at: '10m', alert: 'SignalboxFirstTokenSlow', fires: [] },
      {
        at: '12m',
        alert: 'SignalboxFirstTokenSlow',
        fires: [[warns, 'support-llama: one request in twenty waits 3.75s or longer for its first token']],
      },
      {
        at: '12m',
        alert: 'SignalboxNextTokenSlow',
        fires: [[warns, 'support-llama: of one token in twenty 250ms or more pass to the next']],
      },
    ])
    const quick = { ...histogram(first, ['2.5', 96], '5.0'), ...histogram(next, ['0.2', 96], '0.3') }
    await evaluated(quick, [
      { at: '30m', alert: 'SignalboxFirstTokenSlow', fires: [] },
      { at: '30m', alert: 'SignalboxNextTokenSlow', fires: [] },
    ])
  })

  it('failing requests are told whether the engine says so, or the web server alone does since the engine is dead', async () => {
    const fires: Expected['fires'] = [[{ ...SERVED, severity: 'critical' }, 'support-llama: 10% of requests fail']]
    const ended = {
      [at('vllm:request_success_total', { finished_reason: 'stop' })]: '0+27x60',
      [at('vllm:request_success_total', { finished_reason: 'error' })]: '0+3x60',
    }
    await evaluated(ended, [{ at: '12m', alert: 'SignalboxRequestsFail', fires }])
    const refused = {
      [at('http_requests_total', { handler: '/v1/chat/completions', status: '5xx' })]: '0+3x60',
      [at('http_requests_total', { handler: '/v1/chat/completions', status: '2xx' })]: '0+27x60',
      // What people look at by hand is none of a model's work.
      [at('http_requests_total', { handler: '/docs', status: '5xx' })]: '0+500x60',
    }
    await evaluated(refused, [{ at: '12m', alert: 'SignalboxRequestsFail', fires }])
  })

  it('no request, one that fails in a quiet night, and one whose client left are no alert', async () => {
    const none = { [at('vllm:request_success_total', { finished_reason: 'stop' })]: '7x60' }
    const one = {
      [at('vllm:request_success_total', { finished_reason: 'stop' })]: '0x20 2x40',
      [at('vllm:request_success_total', { finished_reason: 'error' })]: '0x20 1x40',
    }
    const left = {
      [at('vllm:request_success_total', { finished_reason: 'stop' })]: '0+10x60',
      [at('vllm:request_success_total', { finished_reason: 'abort' })]: '0+10x60',
    }
    for (const series of [none, one, left])
      await evaluated(
        series,
        ['6m', '12m', '15m', '20m'].map((when) => ({ at: when, alert: 'SignalboxRequestsFail', fires: [] })),
      )
  })

  it('what waits is counted for each replica, and the fullest cache counts', async () => {
    const series = {
      [at('vllm:num_requests_waiting', { pod: 'a' })]: '30x60',
      [at('vllm:num_requests_waiting', { pod: 'b' })]: '0x60',
      [at('vllm:kv_cache_usage_perc', { pod: 'a' })]: '0.97x60',
      [at('vllm:kv_cache_usage_perc', { pod: 'b' })]: '0.1x60',
    }
    await evaluated(series, [
      {
        at: '16m',
        alert: 'SignalboxRequestsWait',
        fires: [[warns, 'support-llama: 15 requests wait for each replica']],
      },
      {
        at: '16m',
        alert: 'SignalboxCacheFull',
        fires: [
          [warns, 'support-llama: a replica has 97% of its KV cache in use, and soon lets requests wait or begin anew'],
        ],
      },
    ])
    const third = { ...series, [at('vllm:num_requests_waiting', { pod: 'c' })]: '0x60' }
    await evaluated(third, [{ at: '16m', alert: 'SignalboxRequestsWait', fires: [] }])
  })

  it('prompts that are twice as long as in the week before are told', async () => {
    const [sum, count] = ['sum', 'count'].map((end) => at(`vllm:request_prompt_tokens_${end}`)) as [string, string]
    // A sample in ten minutes: a week of 100 tokens a prompt, then a day of 200.
    const shifted = { [sum]: '0+6000x1008 6054000+12000x144', [count]: '0+60x1152' }
    await evaluated(
      shifted,
      [
        { at: '160h', alert: 'SignalboxPromptsShift', fires: [] },
        {
          at: '176h',
          alert: 'SignalboxPromptsShift',
          fires: [[warns, 'support-llama: prompts are 1.978 times as long as in the week before']],
        },
      ],
      '10m',
    )
  })

  it('a replica that cannot be scraped is told, and a service that does not say that it is well', async () => {
    const health = { instance: 'http://service-support-llama-0a1b2c3d.serving.svc/health' }
    const series = {
      [at('up', { instance: '10.0.0.7:8000' })]: '0x100',
      [at('probe_success', { ...health, pod: '', model_name: '', engine: '' })]: '0x100',
    }
    const labels = { pod: 'a', model_name: 'support-llama', engine: '0', instance: '10.0.0.7:8000', ...warns }
    await evaluated(series, [
      { at: '44m', alert: 'SignalboxUnseen', fires: [] },
      {
        at: '46m',
        alert: 'SignalboxUnseen',
        fires: [
          [labels, 'support-llama: nothing is read of 10.0.0.7:8000, so that no other alert says anything of it'],
        ],
      },
      {
        at: '4m',
        alert: 'SignalboxUnhealthy',
        fires: [
          [
            { ...SERVED, ...health, severity: 'critical' },
            `support-llama: ${health.instance} does not say that it is well`,
          ],
        ],
      },
    ])
  })
})

describe('rules of GPUs', () => {
  const JOB = 'pipeline-nightly-0a1b2c3d-g1a1-train-x7k2p'
  const gpu = (metric: string, labels: Record<string, string>): string =>
    `${metric}{${Object.entries({ gpu: '0', UUID: 'GPU-1', Hostname: 'node-1', ...labels })
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join(',')}}`
  const honoured = { namespace: 'training', pod: JOB }
  const renamed = { exported_namespace: 'training', exported_pod: JOB, namespace: 'gpu-operator', pod: 'dcgm-1' }
  const idle = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE'
  const fires: Expected['fires'] = [
    [
      { namespace: 'training', pod: JOB, severity: 'warning', signalbox_installation: 'signalbox' },
      `no GPU of training/${JOB} has done anything for half an hour`,
    ],
  ]

  it.each([
    ['as DCGM calls them', honoured],
    ['as Prometheus renames them', renamed],
  ])('a stage whose GPUs all idle is told, its labels %s', async (_, labels) => {
    await evaluated({ [gpu(idle, labels)]: '0x100' }, [
      { at: '29m', alert: 'SignalboxGpuIdle', fires: [] },
      { at: '31m', alert: 'SignalboxGpuIdle', fires },
    ])
  })

  it('one GPU at work now and then, no series at all, a server at night and another’s pod are none', async () => {
    const served = { namespace: 'serving', pod: 'service-support-llama-0a1b2c3d-g3-5d9f8b7c6-x7k2p' }
    const series = {
      [gpu(idle, honoured)]: '0x200',
      [gpu(idle, { ...honoured, gpu: '1', UUID: 'GPU-2' })]:
        '0 0 0 0 0 0 0.4 0 0 0 0 0 0 0 0.4 0x3 0.4 0x5 0.4 0x6 0.4 0x7 0.4x160',
      [gpu(idle, { ...served, UUID: 'GPU-3' })]: '0x200',
      [gpu(idle, { namespace: 'others', pod: JOB, UUID: 'GPU-4' })]: '0x200',
      [gpu(idle, { namespace: 'training', pod: JOB.replace('x7k2p', 'gone1'), UUID: 'GPU-5' })]: '0x10 _x190',
    }
    await evaluated(
      series,
      ['31m', '60m', '90m'].map((when) => ({ at: when, alert: 'SignalboxGpuIdle', fires: [] })),
    )
  })

  it('an XID of a GPU is told while it is new, also once its pod is gone, and one of a program is not', async () => {
    const xid = 'DCGM_FI_DEV_XID_ERRORS'
    const labels = { namespace: 'training', pod: JOB, Hostname: 'node-1', gpu: '0', UUID: 'GPU-1' }
    const told: Expected['fires'] = [
      [
        { ...labels, severity: 'critical', signalbox_installation: 'signalbox' },
        `GPU 0 of node-1, which training/${JOB} has, says XID 79: as a rule its node must go, see NVIDIA’s list of XIDs`,
      ],
    ]
    const fallen = { [gpu(xid, honoured)]: '0x19 79x20 _x300', [gpu(xid, {})]: '_x40 79x300' }
    await evaluated(fallen, [
      { at: '9m', alert: 'SignalboxGpuXid', fires: [] },
      { at: '11m', alert: 'SignalboxGpuXid', fires: told },
      { at: '30m', alert: 'SignalboxGpuXid', fires: told },
      { at: '80m', alert: 'SignalboxGpuXid', fires: [] },
    ])
    // Another pod gets the GPU that said so long ago: that was told.
    const next = { ...honoured, pod: JOB.replace('g1a1', 'g2a1') }
    const reused = { [gpu(xid, {})]: '79x200', [gpu(xid, next)]: '_x201 79x60' }
    await evaluated(reused, [{ at: '110m', alert: 'SignalboxGpuXid', fires: [] }])
    const programs = Object.fromEntries(
      [13, 31, 43, 45].map((code) => [gpu(xid, { ...honoured, UUID: `GPU-${code}` }), `${code}x60`]),
    )
    await evaluated(programs, [{ at: '20m', alert: 'SignalboxGpuXid', fires: [] }])
  })
})

describe('the rule of what begins by the clock', () => {
  const SLOT = { signalbox_installation: 'signalbox', signalbox_pipeline: 'nightly', severity: 'warning' }
  const job = (name: string, labels = 'namespace="training"'): string =>
    `kube_job_status_completion_time{${labels},job_name=${JSON.stringify(name)}}`
  const said = (ago: string): string =>
    `nightly: its last run that was done is ${ago} ago: \`signalbox why pipeline/nightly\` says why, unless kube-state-metrics is not scraped`
  const overdue = (when: string, ago: string | null): Expected => ({
    at: when,
    alert: 'SignalboxRunOverdue',
    fires: ago === null ? [] : [[SLOT, said(ago)]],
  })
  const HOURS = 24 + nightly.stages.reduce((sum, { hours }) => sum + (hours?.p95 ?? 0), 0) + 4 + 1

  it('one that is done each night is never overdue, though its Jobs are deleted an hour later', async () => {
    const series = {
      [job('pipeline-nightly-0a1b2c3d-g1a1-evaluate')]: `_x30 18000x6 _x600`,
      [job('pipeline-nightly-0a1b2c3d-g2a1-evaluate')]: `_x174 104400x6 _x600`,
    }
    await evaluated(
      series,
      ['5h', '24h', '32h', '40h', '53h'].map((when) => overdue(when, null)),
      '10m',
    )
  })

  it('one that was done once is overdue in time, whoever else and whichever of its stages is done', async () => {
    const series = {
      [job('pipeline-nightly-0a1b2c3d-g1a1-evaluate')]: '_x30 18000x6 _x600',
      [job('pipeline-nightly-0a1b2c3d-g2a1-train')]: '_x174 104400x6 _x600',
      [job('pipeline-weekly-0a1b2c3d-g2a1-evaluate')]: '_x174 104400x6 _x600',
      [job('pipeline-nightly-0a1b2c3d-g2a1-evaluate', 'namespace="others"')]: '_x174 104400x6 _x600',
    }
    await evaluated(series, [overdue(`${(5 + HOURS) * 60}m`, null), overdue('48h', '1d 19h 0m 0s')], '10m')
  })

  it('one that was never done is waited for as long, from when the rule was first looked at', async () => {
    await evaluated(
      { 'up{job="kubelet"}': '1x600' },
      [overdue(`${HOURS * 60}m`, null), overdue('48h', '2d 0h 0m 0s')],
      '10m',
    )
  })
})

it('what is expected and does not come is said: none of these can pass by itself', async () => {
  await expect(
    evaluated({ [at('vllm:num_requests_waiting')]: '1x60' }, [
      { at: '20m', alert: 'SignalboxRequestsWait', fires: [[warns, 'never']] },
    ]),
  ).rejects.toThrow(/SignalboxRequestsWait/)
})
