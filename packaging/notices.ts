import {writeFile} from 'node:fs/promises'
import {readInventory, type BundledPackage} from './inventory.ts'

/** Writes the licenses of every package in the bundle, which most of them ask for, from what its SBOM gathered. */
export async function writeNotices(sbom: string, target: string): Promise<void> {
  const packages = await readInventory(sbom)
  const head = `Meshwright's bundle contains these ${packages.length} packages.\n`
  await writeFile(target, [head, ...packages.map(noticeOf)].join(`\n${'-'.repeat(78)}\n\n`))
}

function noticeOf({name, version, license, texts}: BundledPackage): string {
  if (texts.length === 0) return `${name} ${version} (${license})\n\nIts package has no license file.\n`
  return `${name} ${version} (${license})\n\n${texts.map((text) => `${text.trim()}\n`).join('\n')}`
}
