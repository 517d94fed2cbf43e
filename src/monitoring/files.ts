import {stringify} from 'yaml'
import {dashboardTexts, prometheusRule, ruleSets, type RuleSet} from './objects.ts'

const labels = {'app.kubernetes.io/part-of': 'meshwright'}
const titles = {istio: 'Istio', linkerd: 'Linkerd', consul: 'Consul'} as const

/** Every file under `manifests/prometheus` and `manifests/grafana`, by its path in `manifests`. */
export function monitoringFiles(): Readonly<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const [uid, text] of dashboardTexts()) files[`grafana/${uid}.json`] = text
  for (const rules of ruleSets) {
    files[`prometheus/${rules.name}.yaml`] = about(rules) + yaml({groups: rules.groups})
    files[`prometheus/operator/${rules.name}.yaml`] = about(rules) + yaml(prometheusRule(rules, {labels}))
  }
  return files
}

function about({mesh}: RuleSet): string {
  const written = 'Written by packaging/monitoring.ts from src/monitoring.'
  if (mesh === undefined) {
    return `# Alerts about Meshwright's own processes, from what they serve on --metrics-port; docs/operate.md says what to do.
# ${written}
`
  }
  return `# ${titles[mesh]}'s own metrics under neutral names, for one set of dashboards and alerts: see docs/metrics.md.
# ${written} The sidecars must be scraped every 30 seconds or more often.
`
}

/** One form for every file, whatever its lines' length. */
export function yaml(value: object): string {
  return stringify(value, {lineWidth: 0, aliasDuplicateObjects: false})
}
