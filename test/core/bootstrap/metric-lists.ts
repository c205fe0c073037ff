/**
 * Names of series that programs expose, as their own sources have them: what our rules and the dashboard name must be among these. A name that
 * nothing exposes gives no error anywhere, and no alert either.
 */

const histogram = (name: string): string[] => ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`)
const counter = (name: string): string => `${name}_total`

/** vLLM: `vllm/v1/metrics/loggers.py` of neuralmagic/vllm at 2b0bd75a; a counter's name ends in `_total` once exposed. */
const VLLM = [
  ...['running', 'waiting', 'waiting_by_reason'].map((of) => `vllm:num_requests_${of}`),
  'vllm:kv_cache_usage_perc',
  'vllm:engine_sleep_state',
  ...[
    'prefix_cache_queries',
    'prefix_cache_hits',
    'num_preemptions',
    'prompt_tokens',
    'prompt_tokens_cached',
    'generation_tokens',
    'request_success',
  ].map((of) => counter(`vllm:${of}`)),
  ...[
    'request_prompt_tokens',
    'request_generation_tokens',
    'time_to_first_token_seconds',
    'inter_token_latency_seconds',
    'request_time_per_output_token_seconds',
    'e2e_request_latency_seconds',
    'request_queue_time_seconds',
    'request_prefill_time_seconds',
    'request_decode_time_seconds',
  ].flatMap((of) => histogram(`vllm:${of}`)),
]

/** The web server around vLLM: `vllm/entrypoints/serve/instrumentator/metrics.py` of vllm-project/vllm at 02a69ad2, with prometheus-fastapi-instrumentator's own. */
const VLLM_HTTP = ['http_requests_total', ...histogram('http_request_duration_seconds')]

/** SGLang: `srt/observability/metrics_collector.py` and the middleware beside it, of sglang 0.5.23 on the package registry. */
const SGLANG = [
  ...['num_running_reqs', 'num_queue_reqs', 'token_usage', 'cache_hit_rate', 'gen_throughput'].map(
    (of) => `sglang:${of}`,
  ),
  ...[
    'prompt_tokens',
    'generation_tokens',
    'cached_tokens',
    'num_requests',
    'num_retracted_requests',
    'http_responses',
  ].map((of) => counter(`sglang:${of}`)),
  ...['time_to_first_token_seconds', 'inter_token_latency_seconds', 'prompt_tokens_histogram'].flatMap((of) =>
    histogram(`sglang:${of}`),
  ),
]

/** dcgm-exporter 4.6.0-4.8.3: `etc/default-counters.csv`, without what is commented out there. */
const DCGM_DEFAULT = [
  ...[
    'SM_CLOCK',
    'GPU_TEMP',
    'MEMORY_TEMP',
    'POWER_USAGE',
    'TOTAL_ENERGY_CONSUMPTION',
    'GPU_UTIL',
    'MEM_COPY_UTIL',
    'XID_ERRORS',
    'FB_FREE',
    'FB_USED',
    'UNCORRECTABLE_REMAPPED_ROWS',
    'ROW_REMAP_FAILURE',
    'NVLINK_BANDWIDTH_TOTAL',
  ].map((of) => `DCGM_FI_DEV_${of}`),
  ...['GR_ENGINE_ACTIVE', 'PIPE_TENSOR_ACTIVE', 'DRAM_ACTIVE', 'PCIE_TX_BYTES', 'PCIE_RX_BYTES'].map(
    (of) => `DCGM_FI_PROF_${of}`,
  ),
]

/** kube-state-metrics 2.x: `docs/metrics/workload/job-metrics.md`, of stable ones. */
const JOBS = ['kube_job_status_start_time', 'kube_job_status_completion_time', 'kube_job_complete', 'kube_job_failed']

/** blackbox_exporter 0.2x: `prober/handler.go`; and Prometheus itself, of each target. */
const PROBES = ['probe_success', 'probe_duration_seconds', 'up']

export const EXPOSED: ReadonlySet<string> = new Set([
  ...VLLM,
  ...VLLM_HTTP,
  ...SGLANG,
  ...DCGM_DEFAULT,
  ...JOBS,
  ...PROBES,
])

/** Words of PromQL that stand where names of series do. */
const WORDS = new Set(
  'and or unless on ignoring group_left group_right by without offset bool sum max avg count group rate max_over_time last_over_time histogram_quantile label_replace vector time label_values'.split(
    ' ',
  ),
)

/** Names of series in an expression: what is left without texts, selectors, ranges, lists of labels and numbers. */
export const seriesIn = (expr: string): string[] => {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(by|on|group_left|without|ignoring)\s*\([^)]*\)/g, '')
    .replace(/\boffset\s+\w+/g, '')
  return [...bare.matchAll(/[A-Za-z_:][A-Za-z0-9_:]*/g)].map(([name]) => name).filter((name) => !WORDS.has(name))
}
