import {startCluster} from './cluster.ts'

// `node test/cluster/run.ts`: a cluster to try things on by hand, until Ctrl-C.
const cluster = await startCluster()
process.stdout.write(`export KUBECONFIG=${cluster.kubeconfig}\n`)
process.stderr.write('the cluster is ready, and ends with Ctrl-C\n')
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void cluster.stop()
  })
}
