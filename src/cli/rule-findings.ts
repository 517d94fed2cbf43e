import type {RuleFinding} from '../mesh/translation.ts'
import type {Report} from './report.ts'

/** `rules.yaml:7:5: MW6201 circuit-breaker (approximated): …` */
export function findingLine({kind, code, feature, origin, message}: RuleFinding): string {
  return `${origin.place}: ${code} ${feature} (${kind}): ${message}`
}

/** Tells the findings on stderr; returns how many refuse something. */
export function tellFindings(findings: readonly RuleFinding[], report: Report, prefix = ''): number {
  for (const finding of findings)
    report.line(finding.kind === 'refused' ? 'failed' : 'attention', prefix + findingLine(finding))
  return findings.filter(({kind}) => kind === 'refused').length
}
