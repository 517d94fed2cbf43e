import {connect} from '../../src/kube/client.ts'
import {Election} from '../../src/kube/leader.ts'
import {configMap, configMaps} from './access.ts'

// A candidate of leader.e2e.ts, in a process of its own: `KUBECONFIG=F node candidate.ts IDENTITY MILLISECONDS`, of
// which the last is the lease's. While it leads it writes as fast as it can, under its identity as field manager; what it prints tells what it believes.
const [, , identity = '', duration = '1000'] = process.argv
const api = await connect({env: process.env})
const election = new Election(api, {
  namespace: 'default',
  name: 'election',
  identity,
  duration: Number(duration),
  onHolder: (holder) => process.stdout.write(`sees ${holder}\n`),
})
process.once('SIGTERM', () => void election.stop())

await election.run(async (term) => {
  process.stdout.write('leads\n')
  const fenced = api.fenced(term)
  while (!term.signal.aborted) {
    const written = configMap('default', 'written', {by: identity, begun: String(Date.now())})
    // At most one candidate leads: there is nobody whose fields could be taken by force.
    await fenced
      .apply(configMaps, written, {fieldManager: identity, force: true, signal: term.signal})
      .catch((error: unknown) => process.stdout.write(`failed ${error instanceof Error ? error.name : ''}\n`))
  }
  process.stdout.write('ended\n')
})
await api.close()
