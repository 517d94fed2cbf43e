import {ensureBinaries, ensureCertManager, ensureHelm} from './binaries.ts'

// `node test/cluster/build.ts`: builds what the end-to-end tests start, so that no test's time limit meets the build.
const {kubeApiserver} = await ensureBinaries()
await ensureHelm()
await ensureCertManager()
process.stdout.write(`${kubeApiserver.replace(/\/[^/]+$/, '')}\n`)
