import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pythonWith } from '../test/real/python.ts'
import { BUCKET, openTown } from '../test/runner/runner.ts'
import { timed } from './figures.ts'

const MB = 1024 ** 2
/** MiB that go in and out again. */
const SIZE = Number(process.argv[2] ?? 1024)

/** The plain copy: boto3's own transfers, as `aws s3 cp` does them, 8 MiB a part and ten at once. */
const COPY = `
import boto3, sys
endpoint, bucket, way, key, file = sys.argv[1:]
s3 = boto3.client('s3', endpoint_url=endpoint, region_name='eu-central-1', aws_access_key_id='a', aws_secret_access_key='b')
if way == 'upload': s3.upload_file(file, bucket, key)
else: s3.download_file(bucket, key, file)
`

const town = await openTown()
const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
try {
  const requirements = fileURLToPath(new URL('../test/real/aws/requirements.txt', import.meta.url))
  const python = await pythonWith('moto', requirements)
  const python3 = (way: 'upload' | 'download', key: string): Promise<unknown> =>
    promisify(execFile)(python, ['-c', COPY, town.endpoint, BUCKET, way, key, join(folder, 'file')])

  const file = await open(join(folder, 'file'), 'w')
  const chunk = new Uint8Array(64 * MB)
  for (let at = 0; at < SIZE; at += 64) {
    crypto.getRandomValues(chunk.subarray(0, 65_536))
    await file.write(chunk)
  }
  await file.close()
  await python3('upload', 'large/weights')
  rmSync(join(folder, 'file'))
  const plain = await timed(async () => {
    await python3('download', 'large/weights')
    await python3('upload', 'copied')
  })
  let peak = 0
  const through = await timed(async () => {
    const ended = await town.run({
      lane: 'pipeline-bench',
      env: { SIGNALBOX_INPUTS: 'large', LARGE_URI: `s3://${BUCKET}/large`, SIGNALBOX_CHECKPOINT_SECONDS: '3600' },
      program: `mkdir "$SIGNALBOX_OUT/model"; mv "$SIGNALBOX_IN/large/weights" "$SIGNALBOX_OUT/model/weights"`,
    })
    if (ended.code !== 0) throw new Error(ended.said)
    peak = ended.peak
  })
  console.log(
    `${SIZE} MiB in and out through signalbox-run: ${(through / plain).toFixed(2)} × the time of boto3's plain copy to the same stand-in (${(plain / 1000).toFixed(1)} s), at most ${Math.round(peak / MB)} MiB resident`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
  await town.close()
}
