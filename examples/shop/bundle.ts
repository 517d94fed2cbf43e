/** Makes one file of the shop's services, for the image: `node main.mjs order-service` runs them. The argument: where to. */
import {join} from 'node:path'
import {build} from 'esbuild'

const [outfile = join('out', 'shop-services', 'main.mjs')] = process.argv.slice(2)
await build({
  entryPoints: [join(import.meta.dirname, 'services', 'main.ts')],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
  // CommonJS dependencies ask for require().
  banner: {
    js: "import {createRequire as requireFrom} from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'warning',
})
