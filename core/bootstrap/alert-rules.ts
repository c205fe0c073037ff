import { milliseconds } from '../duration.ts'
import { mintedName, RUN_NAME } from '../names.ts'
import { laneOf } from '../policy/paper.ts'
import { nameOfStage } from '../policy/stages.ts'
import type { PipelinePolicy, Policy } from '../policy.ts'
import { longestPause, type Schedule } from '../slots.ts'
import { DCGM, JOB_DONE, PROBED } from './metric-names.ts'
import { INSTALLATION, ofOurGpus, PIPELINE, quoted, type Rule, SERVICE } from './promql.ts'
import { RECORDED } from './recording-rules.ts'

/**
 * From where on something is told. Those of seconds stand where histograms have a border: in between nobody knows. Nothing in a policy says
 * them, since what is slow depends on who waits; who wants another writes a rule of their own beside these.
 */
export const LIMITS = {
  /** Seconds of the slowest twentieth to the first token, and between two. */
  firstToken: 2.5,
  nextToken: 0.2,
  /** Share of requests that failed, and how many of them a second: one in a quiet night is no alert. */
  failed: 0.05,
  failedRate: 0.01,
  /** Requests that wait, a replica. */
  waiting: 10,
  cache: 0.9,
  /** How many times as long, or as short, prompts are as in the week before, where there were so many a second. */
  shift: 1.5,
  shiftRate: 0.01,
} as const

/** XIDs that say that a program did wrong, not its GPU: it crashed, reached beyond its memory, or was ended. */
const OF_PROGRAMS = [13, 31, 43, 45]

const served = `{{ $labels.${SERVICE} }}`

/** What is recorded of an installation. */
const of =
  (installation: string) =>
  (recorded: string): string =>
    `${recorded}{${INSTALLATION}=${quoted(installation)}}`

/** Of each service, whichever the policy has: one rule for all, since each says by its labels whose it is. */
export const serviceAlerts = ({ installation, services }: Pick<Policy, 'installation' | 'services'>): Rule[] => {
  const all = of(installation)
  const { firstToken, nextToken, failedShare, failedRate, waiting, cache } = RECORDED
  return [
    alert('SignalboxFirstTokenSlow', `${all(firstToken)} > ${LIMITS.firstToken}`, '10m', {
      summary: `${served}: one request in twenty waits {{ $value | humanizeDuration }} or longer for its first token`,
    }),
    alert('SignalboxNextTokenSlow', `${all(nextToken)} > ${LIMITS.nextToken}`, '10m', {
      summary: `${served}: of one token in twenty {{ $value | humanizeDuration }} or more pass to the next`,
    }),
    alert(
      'SignalboxRequestsFail',
      `${all(failedShare)} > ${LIMITS.failed} and ${all(failedRate)} > ${LIMITS.failedRate}`,
      '5m',
      { severity: 'critical', summary: `${served}: {{ $value | humanizePercentage }} of requests fail` },
    ),
    alert('SignalboxRequestsWait', `${all(waiting)} > ${LIMITS.waiting}`, '10m', {
      summary: `${served}: {{ $value | humanize }} requests wait for each replica`,
    }),
    alert('SignalboxCacheFull', `${all(cache)} > ${LIMITS.cache}`, '15m', {
      summary: `${served}: a replica has {{ $value | humanizePercentage }} of its KV cache in use, and soon lets requests wait or begin anew`,
    }),
    alert(
      'SignalboxUnseen',
      `up{${INSTALLATION}=${quoted(installation)},${SERVICE}!=""} == 0`,
      `${unseen(services)}m`,
      {
        summary: `${served}: nothing is read of {{ $labels.instance }}, so that no other alert says anything of it`,
      },
    ),
    alert('SignalboxUnhealthy', `${all(PROBED.success)} == 0`, '3m', {
      severity: 'critical',
      summary: `${served}: {{ $labels.instance }} does not say that it is well`,
    }),
  ]
}

/** Minutes after which a replica must be seen: as long as it loads nothing answers, and its start is given three times as long as its bad case. */
const unseen = (services: Policy['services']): number =>
  Math.max(30, ...Object.values(services).map(({ loadMinutes }) => Math.ceil(loadMinutes.p95 * 3)))

/** Of what is asked: that prompts are others than they were says nothing of the servers, and may be drift. */
export const promptAlerts = ({ installation }: Pick<Policy, 'installation'>): Rule[] => {
  const all = of(installation)
  const ratio = `${all(RECORDED.prompts)} / ${all(RECORDED.promptsBefore)}`
  return [
    alert(
      'SignalboxPromptsShift',
      `(${ratio} > ${LIMITS.shift} or ${ratio} < 1 / ${LIMITS.shift}) and ${all(RECORDED.promptRate)} > ${LIMITS.shiftRate}`,
      '1h',
      { summary: `${served}: prompts are {{ $value | humanize }} times as long as in the week before` },
    ),
  ]
}

/** Of GPUs that pods of ours have. Those of servers may idle at night; those of stages cost without a use. */
export const gpuAlerts = (policy: Pick<Policy, 'installation' | 'namespaces'>): Rule[] => {
  const ours = `${INSTALLATION}=${quoted(policy.installation)}`
  const said = ofOurGpus(policy, (selector) => `max_over_time(${DCGM.xid}${selector}[15m])`)
  const xid = `max by (namespace, pod, Hostname, gpu, UUID) (${said})`
  const grave = OF_PROGRAMS.reduce((expr, code) => `(${expr} != ${code})`, `(${xid} > 0)`)
  // It is the last one since the driver was loaded, and stays for as long: what was there an hour ago was told.
  const known = `${xid} == on (UUID) group_left () max by (UUID) (${DCGM.xid} offset 1h)`
  const rules = [
    // Loading, compiling and saving takes minutes, so half an hour it is.
    alert('SignalboxGpuIdle', `${RECORDED.gpuActive}{${ours},pod=~${quoted(`${RUN_NAME}.*`)}} == 0`, '30m', {
      summary: 'no GPU of {{ $labels.namespace }}/{{ $labels.pod }} has done anything for half an hour',
    }),
    alert('SignalboxGpuXid', `${grave} unless on (UUID) (${known})`, '0s', {
      severity: 'critical',
      summary:
        'GPU {{ $labels.gpu }} of {{ $labels.Hostname }}, which {{ $labels.namespace }}/{{ $labels.pod }} has, says XID {{ $value }}: as a rule its node must go, see NVIDIA’s list of XIDs',
    }),
  ]
  return rules.map((rule) => ({ ...rule, labels: { ...rule.labels, [INSTALLATION]: policy.installation } }))
}

const HOUR = 3_600_000

/** Of pipelines that begin by the clock, such as one that looks for drift: none has been done for longer than its schedule, its hours and an answer take. */
export const scheduleAlerts = (policy: Policy): Rule[] =>
  Object.entries(policy.pipelines).flatMap(([key, rule]) => {
    const { schedule } = rule.on
    if (schedule === undefined || rule.mode === 'shadow') return []
    return overdue(policy, key, { rule, schedule })
  })

const overdue = (
  policy: Policy,
  key: string,
  { rule, schedule }: { rule: PipelinePolicy; schedule: Schedule },
): Rule[] => {
  const { installation, namespaces, approvals } = policy
  const labels = { [INSTALLATION]: installation, [PIPELINE]: key }
  const self = `${RECORDED.done}{${INSTALLATION}=${quoted(installation)},${PIPELINE}=${quoted(key)}}`
  const jobs = `job_name=~${quoted(lastJobs(laneOf('pipeline', key, rule), rule))}`
  const done = ['namespace', 'exported_namespace'].map(
    (name) => `max_over_time(${JOB_DONE}{${name}=${quoted(namespaces.training)},${jobs}}[1h])`,
  )
  const hours = rule.stages.reduce((sum, { hours: { p95 } }) => sum + p95, 1)
  const most = longestPause(schedule) + hours * HOUR + milliseconds(approvals.expiry)
  return [
    // Jobs are deleted in time, so it remembers; and from the first look on it waits as long as for any other run.
    {
      record: RECORDED.done,
      expr: `max(${done.join(' or ')}) or max(last_over_time(${self}[1d])) or vector(time())`,
      labels,
    },
    {
      ...alert('SignalboxRunOverdue', `time() - ${self} > ${Math.ceil(most / 1000)}`, '15m', {
        summary: `${key}: its last run that was done is {{ $value | humanizeDuration }} ago: \`signalbox why pipeline/${key}\` says why, unless kube-state-metrics is not scraped`,
      }),
    },
  ]
}

/** Names of Jobs of a pipeline's last stage; one that would be too long ends with a digest. */
const lastJobs = (lane: string, { stages }: PipelinePolicy): string => {
  const last = stages.at(-1)
  const stage = last === undefined ? '.+' : nameOfStage(last)
  return `${mintedName(lane)}-g[0-9]+a[0-9]+-(${stage}|.+-[0-9a-f]{8})`
}

const alert = (
  name: string,
  expr: string,
  lasting: string,
  { severity = 'warning', summary }: { severity?: 'warning' | 'critical'; summary: string },
): Rule => ({ alert: name, expr, for: lasting, labels: { severity }, annotations: { summary } })
