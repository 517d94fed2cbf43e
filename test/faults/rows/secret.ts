import {fileNames} from '../../../src/certs/folder.ts'
import type {Bed} from '../bed.ts'
import {during} from '../load.ts'
import type {Texts} from '../mounts.ts'
import {check, nothingLost, number, type Row} from '../row.ts'

const metric = 'meshwright_certificate_errors_total'

export const secret: Row = {
  number: 8,
  fault: 'Secret emptied or corrupt',
  bar: 'the last good pair goes on being served, 0 lost; told in a metric <= 60 s; a good one is taken again',
  isQuick: true,
  async run(bed, scale) {
    const rate = scale === 'full' ? 40 : 20
    const {cert, key} = pair(await bed.authorities.pair())
    const other = pair(await bed.authorities.pair())
    const expired = pair(await bed.authorities.pair(new Date(Date.now() - 30 * 24 * 3600 * 1000)))
    const early = pair(await bed.authorities.pair(new Date(Date.now() + 30 * 24 * 3600 * 1000)))
    // The last two are what a clock that is off by a month makes of a good pair.
    const bad: Record<string, Texts> = {
      emptied: texts('', ''),
      'half a certificate': texts(cert.slice(0, cert.length / 2), key),
      "another pair's key": texts(cert, other.key),
      'no PEM': texts('certificate', 'key'),
      'a pair that expired 23 days ago': texts(expired.cert, expired.key),
      'one that is valid in 30 days': texts(early.cert, early.key),
    }
    const told: number[] = []
    let again = 0
    const [count, posted] = await during([bed.creating(rate), bed.posting(rate / 2)], async () => {
      for (const [what, files] of Object.entries(bad)) {
        const before = await errors(bed)
        const begun = performance.now()
        await bed.mounts.write(files)
        await bed.cluster.until(`every replica to complain of ${what}`, 60_000, async () => {
          const now = await errors(bed)
          return now.every((value, index) => value > (before[index] ?? 0))
        })
        told.push(performance.now() - begun)
        await bed.register()
      }
      await bed.renewLeaf()
      again++
      await bed.register()
    })
    return {
      done: `the Secret ${Object.keys(bad).join(', ')}, one after the other, then good again; ${rate} creates/s, and ${rate / 2} reviews/s each over a new connection`,
      count,
      checks: [
        nothingLost(count),
        {...nothingLost(posted), text: `of reviews ${nothingLost(posted).text}`},
        check(
          told.length === Object.keys(bad).length,
          `told ${told.length} times, after at most ${number(Math.max(...told) / 1000, 1)} s`,
        ),
        check(again === 1, 'the good one was taken'),
      ],
    }
  },
}

function errors(bed: Bed): Promise<number[]> {
  return Promise.all(bed.replicas.names.map((name) => bed.replicas.metric(name, metric)))
}

function pair(files: Texts): {cert: string; key: string} {
  return {cert: files[fileNames.cert] ?? '', key: files[fileNames.key] ?? ''}
}

function texts(cert: string, key: string): Texts {
  return {[fileNames.cert]: cert, [fileNames.key]: key}
}
