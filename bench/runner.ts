import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pythonWith } from '../test/real/python.ts'
import { BUCKET, openTown } from '../test/runner/runner.ts'
import { timed } from './figures.ts'

const MB = 1024 ** 2
/** MiB that go in and out again, in files of so many: of a range the stand-in reads all of its object first. */
const [SIZE, FILE] = [Number(process.argv[2] ?? 1024), 64]

/** The plain copy: boto3's own transfers, as `aws s3 cp` does them, 8 MiB a part and ten at once. */
const COPY = `
import boto3, sys
endpoint, bucket, way, key, folder, files = sys.argv[1:]
s3 = boto3.client('s3', endpoint_url=endpoint, region_name='eu-central-1', aws_access_key_id='a', aws_secret_access_key='b')
for n in range(int(files)):
    if way == 'upload': s3.upload_file(f'{folder}/{n}', bucket, f'{key}/{n}')
    else: s3.download_file(bucket, f'{key}/{n}', f'{folder}/{n}')
`

const town = await openTown()
const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
try {
  const requirements = fileURLToPath(new URL('../test/real/aws/requirements.txt', import.meta.url))
  const python = await pythonWith('moto', requirements)
  const python3 = (way: 'upload' | 'download', key: string): Promise<unknown> =>
    promisify(execFile)(python, ['-c', COPY, town.endpoint, BUCKET, way, key, folder, String(files)])

  const files = SIZE / FILE
  for (let n = 0; n < files; n++) writeFileSync(join(folder, String(n)), randomBytes(FILE * MB))
  await python3('upload', 'large')
  for (let n = 0; n < files; n++) rmSync(join(folder, String(n)))
  const plain = await timed(async () => {
    await python3('download', 'large')
    await python3('upload', 'copied')
  })
  let peak = 0
  const through = await timed(async () => {
    const ended = await town.run({
      lane: 'pipeline-bench',
      env: {
        SIGNALBOX_PATIENCE: '900',
        SIGNALBOX_INPUTS: 'large',
        LARGE_URI: `s3://${BUCKET}/large`,
        SIGNALBOX_CHECKPOINT_SECONDS: '3600',
      },
      program: `mkdir "$SIGNALBOX_OUT/model"; mv "$SIGNALBOX_IN"/large/* "$SIGNALBOX_OUT/model"`,
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
