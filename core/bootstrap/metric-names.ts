import type { EngineName } from '../workloads/engine-versions.ts'

/** What an engine counts, under the names that it gives them at `/metrics`. */
export interface EngineMetrics {
  /** Histograms, without `_bucket`: seconds to the first token and from one to the next, and tokens of a prompt. */
  firstToken: string
  nextToken: string
  promptLength: string
  /** Gauges: requests at work and waiting, and the share of the cache of keys and values that is in use, 0 to 1. */
  running: string
  waiting: string
  cache: string
  /** Counters: tokens read and written, tokens asked of the prefix cache and found there, requests thrown out of a batch. */
  read: string
  written: string
  prefixAsked: string
  prefixFound: string
  preempted: string
  /** Counters of requests that are over, each with what tells of it that it failed: whoever dies counts none as ended, and whoever streams has said 200. */
  ended: readonly { metric: string; among?: string; failed: string }[]
}

/**
 * vLLM's, as each version has them that knows the arguments that its pods are given: `--shutdown-timeout` came with 0.18, and older names
 * (`gpu_cache_usage_perc`, `time_per_output_token_seconds`) were gone by then.
 */
const VLLM: EngineMetrics = {
  firstToken: 'vllm:time_to_first_token_seconds',
  nextToken: 'vllm:inter_token_latency_seconds',
  promptLength: 'vllm:request_prompt_tokens',
  running: 'vllm:num_requests_running',
  waiting: 'vllm:num_requests_waiting',
  cache: 'vllm:kv_cache_usage_perc',
  read: 'vllm:prompt_tokens_total',
  written: 'vllm:generation_tokens_total',
  prefixAsked: 'vllm:prefix_cache_queries_total',
  prefixFound: 'vllm:prefix_cache_hits_total',
  preempted: 'vllm:num_preemptions_total',
  ended: [
    { metric: 'vllm:request_success_total', failed: 'finished_reason="error"' },
    { metric: 'http_requests_total', among: 'handler=~"/v1/.+"', failed: 'status="5xx"' },
  ],
}

/** SGLang's, of 0.5.23. How long prompts are it counts only where it is told `--collect-tokens-histogram`. */
const SGLANG: EngineMetrics = {
  firstToken: 'sglang:time_to_first_token_seconds',
  nextToken: 'sglang:inter_token_latency_seconds',
  promptLength: 'sglang:prompt_tokens_histogram',
  running: 'sglang:num_running_reqs',
  waiting: 'sglang:num_queue_reqs',
  cache: 'sglang:token_usage',
  read: 'sglang:prompt_tokens_total',
  written: 'sglang:generation_tokens_total',
  prefixAsked: 'sglang:prompt_tokens_total',
  prefixFound: 'sglang:cached_tokens_total',
  preempted: 'sglang:num_retracted_requests_total',
  ended: [{ metric: 'sglang:http_responses_total', among: 'endpoint=~"/v1/.+"', failed: 'status_code=~"5.."' }],
}

/** Of every engine that Prometheus can read as it is made, by its name in the policy. */
export const ENGINE_METRICS: Readonly<Partial<Record<EngineName, EngineMetrics>>> = {
  vllm: VLLM,
  sglang: SGLANG,
}

/** What DCGM's exporter has without a setting of its own. Of what says whether anything works on a GPU only this is right for parts of one. */
export const DCGM = {
  active: 'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
  tensor: 'DCGM_FI_PROF_PIPE_TENSOR_ACTIVE',
  memory: 'DCGM_FI_DEV_FB_USED',
  power: 'DCGM_FI_DEV_POWER_USAGE',
  xid: 'DCGM_FI_DEV_XID_ERRORS',
} as const

/** Of kube-state-metrics: when a Job was done, seconds since the epoch; one that failed has none. */
export const JOB_DONE = 'kube_job_status_completion_time'

/** Of blackbox exporter: whether the probe succeeded, 1 or 0, and how long it took. */
export const PROBED = { success: 'probe_success', seconds: 'probe_duration_seconds' } as const
