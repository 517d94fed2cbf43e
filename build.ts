import {chmod, mkdtemp, rename, rm, writeFile} from 'node:fs/promises'
import {cyclonedxEsbuildPlugin} from '@cyclonedx/cyclonedx-esbuild'
import {build} from 'esbuild'
import {entryPoints, writeDeclarations} from './packaging/declarations.ts'
import {writeNotices} from './packaging/notices.ts'
import {configurationJsonSchema} from './src/config/json-schema.ts'

// Built aside and moved into place, so that a webhook started meanwhile never sees half a build; two builds may run at once.
const target = 'dist'
// Beside it, for source maps are relative.
const fresh = await mkdtemp(`${target}-`)
await chmod(fresh, 0o755)
await build({
  entryPoints: {
    main: 'src/main.ts',
    ...Object.fromEntries(entryPoints.map((name) => [`sdk/${name}`, `src/sdk/${name}.ts`])),
  },
  outdir: fresh,
  bundle: true,
  // One chunk for each command: `webhook` does not parse what only `inject` needs, nor an application what only a cluster does.
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  sourcemap: 'linked',
  legalComments: 'linked',
  // CommonJS dependencies ask for require().
  banner: {
    js: "import {createRequire as requireFrom} from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'warning',
  plugins: [
    // What is in the bundle, and nothing that only builds it; the same bytes each time.
    cyclonedxEsbuildPlugin({
      specVersion: '1.6',
      outputFile: 'sbom.cdx.json',
      outputReproducible: true,
      gatherLicenseTexts: true,
      validate: true,
      logLevel: 'silent',
    }),
  ],
})
await writeNotices(`${fresh}/sbom.cdx.json`, `${fresh}/THIRD-PARTY-NOTICES.txt`)
await writeFile(`${fresh}/schema.json`, `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`)
await writeDeclarations(`${fresh}/sdk`)
const old = `${fresh}-old`
await rename(target, old).catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error
})
await rename(fresh, target)
await rm(old, {recursive: true, force: true})
