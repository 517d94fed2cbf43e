import {readFile} from 'node:fs/promises'
import {z} from 'zod'

export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** As an SPDX expression; empty where its package names none. */
  readonly license: string
  /** Its license files. */
  readonly texts: readonly string[]
}

const license = z.union([
  z.object({expression: z.string()}),
  z.object({license: z.object({id: z.string().optional(), name: z.string().optional()})}),
])
const evidence = z.object({
  license: z.object({text: z.object({content: z.string(), encoding: z.literal('base64')})}),
})
const bill = z.object({
  components: z.array(
    z.object({
      group: z.string().optional(),
      name: z.string(),
      version: z.string(),
      licenses: z.array(license).default([]),
      evidence: z.object({licenses: z.array(evidence).default([])}).optional(),
    }),
  ),
})

/** The packages of a CycloneDX bill of materials, by name. */
export async function readInventory(sbom: string): Promise<readonly BundledPackage[]> {
  const {components} = bill.parse(JSON.parse(await readFile(sbom, 'utf8')))
  return components.map(({group, name, version, licenses, evidence}) => ({
    name: group === undefined ? name : `${group}/${name}`,
    version,
    license: licenses.map(expressionOf).join(' AND '),
    texts: (evidence?.licenses ?? []).map(({license}) => Buffer.from(license.text.content, 'base64').toString()),
  }))
}

function expressionOf(given: z.infer<typeof license>): string {
  return 'expression' in given ? given.expression : (given.license.id ?? given.license.name ?? '')
}
