import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BUCKET, isAlive, openTown, type StartOptions, type Town, until } from './runner.ts'

let town: Town
beforeAll(async () => {
  town = await openTown()
})
afterAll(() => town?.close())

/** A trainer of five steps: each goes on from the one before, keeps the last two, and says which it has done. */
const TRAINER = `set -e
  c="$SIGNALBOX_CHECKPOINTS"; rm -rf "$c"/tmp-*; n=$(ls "$c" | sed 's/step-//' | sort -n | tail -1); n=\${n:-0}
  while [ $n -lt 5 ]; do
    m=$((n + 1)); mkdir "$c/tmp-$m"
    { if [ $n -gt 0 ]; then cat "$c/step-$n/log"; fi; echo $m; } > "$c/tmp-$m/log"; head -c 3000 /dev/urandom > "$c/tmp-$m/weights"
    sha256sum < "$c/tmp-$m/weights" > "$c/tmp-$m/sum"; mv "$c/tmp-$m" "$c/step-$m"; rm -rf "$c/step-$((m - 2))"
    sha256sum --check --status "$c/step-$m/sum" < "$c/step-$m/weights"; n=$m; echo "did $m"; sleep 0.08
  done
  mkdir -p "$SIGNALBOX_OUT/model"; cp "$c/step-5/log" "$SIGNALBOX_OUT/model/log"; cp "$SIGNALBOX_IN/data/x" "$SIGNALBOX_OUT/model/x"
  echo '{"steps": 5}' > "$SIGNALBOX_OUT/metrics.json"`

const env = { SIGNALBOX_INPUTS: 'data', DATA_URI: `s3://${BUCKET}/in/data`, SIGNALBOX_CHECKPOINT_SECONDS: '0.05' }
const stage = (options: StartOptions): StartOptions => ({ program: TRAINER, env, ...options })

/** What a finished pod has made, read as Signalbox reads it. */
const made = async (lane: string, attempt: number): Promise<unknown> => {
  const result = await town.result(lane, attempt)
  if (result?.ok !== true) return result
  const { model } = result.result.artifacts
  const key = (name: string): string => `${model?.slice(`s3://${BUCKET}/`.length)}/${name}`
  return { steps: result.result.metrics['steps'], log: await town.text(key('log')), x: await town.text(key('x')) }
}
const WHOLE = { steps: 5, log: '1\n2\n3\n4\n5\n', x: 'x' }
const stepsIn = (said: string): number[] => [...said.matchAll(/did (\d)/g)].map(([, n]) => Number(n))

/** Two at a time, since each waits for its own program, and then so many further: until none of them dies any more. */
const inPairs = async (stride: number, work: (n: number) => Promise<boolean>): Promise<number> => {
  for (let n = 1; n < 200; n += stride) {
    const [one, two] = await Promise.all([work(n), work(n + 1)])
    if (!one && !two) return n
  }
  throw new Error('it never came to its end')
}

describe('killed at each of its requests', { timeout: 170_000 }, () => {
  it('another pod ends what one began: nothing is lost, nothing is done twice, and no result is half', async () => {
    await town.put('in/data/x', 'x')
    const deaths = await inPairs(2, async (n) => {
      const lane = `pipeline-kill-${n}`
      const fate: StartOptions['fate'] = (at) => (at === n ? (n % 2 === 0 ? 'dies-after' : 'dies-before') : 'on')
      const first = await town.run(stage({ lane, fate }))
      if (first.code === 0) {
        expect(await made(lane, 1), `${n}: ${first.said}`).toEqual(WHOLE)
        return false
      }
      const result = await town.result(lane, 1)
      // It died after its last word had arrived: that counts.
      if (result !== null) expect(await made(lane, 1), `${n}: ${first.said}`).toEqual(WHOLE)
      const next = await town.run(stage({ lane, attempt: 2 }))
      expect(next.code, `${n}: ${next.said}`).toBe(0)
      expect(await made(lane, 2), `${n}: ${next.said}`).toEqual(WHOLE)
      // Each step follows the one before, and no more are done again than were not yet saved.
      const [done, again] = [stepsIn(first.said), stepsIn(next.said)]
      expect(again, `${n}: ${next.said}`).toEqual([1, 2, 3, 4, 5].slice(5 - again.length))
      expect(done.length + again.length, `${n}: ${first.said}${next.said}`).toBeGreaterThanOrEqual(4)
      return true
    })
    expect(deaths, 'it makes so many requests').toBeGreaterThan(10)
  })

  it('the same pod goes on where its process died, and ends once', async () => {
    await town.put('in/data/x', 'x')
    const deaths = await inPairs(5, async (n) => {
      const lane = `pipeline-same-${n}`
      const fate: StartOptions['fate'] = (at) => (at === n ? (n % 2 === 0 ? 'dies-after' : 'dies-before') : 'on')
      const first = await town.run(stage({ lane, fate }))
      const next = first.code === 0 ? first : await town.run(stage({ lane, folder: first.folder }))
      expect(next.code, `${n}: ${next.said}`).toBe(0)
      expect(await made(lane, 1), `${n}: ${first.said}${next.said}`).toEqual(WHOLE)
      const all = [...stepsIn(first.said), ...(next === first ? [] : stepsIn(next.said))]
      // One that was done and not yet said when it died is said by neither; none is done twice.
      expect(all, `${n}: ${first.said}${next.said}`).toEqual([...new Set(all)].sort())
      expect(all.length, `${n}: ${first.said}${next.said}`).toBeGreaterThanOrEqual(4)
      return first.code !== 0
    })
    expect(deaths).toBeGreaterThan(10)
  })
})

it('with its runner its program dies: two never write one checkpoint', async () => {
  const pod = await town.start({ lane: 'pipeline-orphan', program: 'echo "began $$."; exec sleep 60' })
  await pod.says('.')
  pod.child.kill('SIGKILL')
  const { said } = await pod.ended
  const program = Number(/began (\d+)/.exec(said)?.[1])
  await until(() => !isAlive(program), 'the program is gone')
})
