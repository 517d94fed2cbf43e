import {meshNames} from '../../../src/mesh/mesh.ts'
import {fuzzMesh, type MeshReport} from '../../fuzz/review-webhook.ts'
import {program} from '../../e2e/command.ts'
import {check, number, type Row} from '../row.ts'

export const bodies: Row = {
  number: 14,
  fault: 'hostile bodies',
  bar: '0 crashes, 0 hangs > 100 ms; every 200 is a valid AdmissionReview whose patch two libraries apply alike, the rest are 4xx',
  isQuick: true,
  async run(_bed, scale) {
    const each = scale === 'full' ? 33_334 : 1000
    const seed = Math.floor(Math.random() * 2 ** 31)
    const reports: MeshReport[] = []
    for (const mesh of meshNames) reports.push(await fuzzMesh(mesh, each, seed, [program]))
    const sum = (of: (report: MeshReport) => number) => reports.reduce((total, report) => total + of(report), 0)
    const problems = reports.flatMap(({problems}) => problems)
    const hangs = reports.flatMap(({hangs}) => hangs)
    return {
      done: `${number(each * 3)} bodies, each mesh a third, seed ${seed}; \`make fuzz\` sends more`,
      checks: [
        check(problems.length === 0, `${problems.length} problems ${problems.slice(0, 2).join('; ')}`.trim()),
        check(hangs.length === 0, `${hangs.length} hangs ${hangs.slice(0, 2).join('; ')}`.trim()),
        check(sum(({patched}) => patched) > each / 10, `${number(sum(({patched}) => patched))} patched`),
        check(sum(({refused}) => refused) > each / 10, `${number(sum(({refused}) => refused))} refused`),
      ],
    }
  },
}
