import {X509Certificate} from 'node:crypto'
import {chains} from '../certs/pair.ts'
import {bad, good, warning, type CheckResult} from './result.ts'

/** What the API server trusts, and what the webhook serves, as PEM; undefined where it is not there, false where it may not be read. */
export interface ServedCertificates {
  readonly bundle: string | undefined
  readonly leaf: string | false | undefined
}

const day = 86_400_000
/** Issued for a week and renewed after two thirds of it: with less than a day left nobody renews it. */
const soon = day

export function checkCertificates({bundle, leaf}: ServedCertificates, now: Date): readonly CheckResult[] {
  const authorities = read(bundle ?? '')
  if (authorities.length === 0) {
    return [
      bad(
        'certificates',
        'the registration has no caBundle that can be read: the API server trusts no webhook',
        'Look at the controller: it writes caBundle. Its log says MW6502 where it may not.',
      ),
    ]
  }
  const valid = authorities.filter(({validFromDate, validToDate}) => validFromDate <= now && now < validToDate)
  const results: CheckResult[] =
    valid.length === 0
      ? [
          bad(
            'certificates',
            'every authority in caBundle has expired',
            'Look at the controller: it keeps the authority.',
          ),
        ]
      : [
          good(
            'certificates',
            `caBundle holds ${valid.length} valid ${valid.length === 1 ? 'authority' : 'authorities'}`,
          ),
        ]
  if (leaf === false) {
    return [...results, warning('certificates', "the webhook's Secret may not be read", 'Ask with rights on Secrets.')]
  }
  const [served] = read(leaf ?? '')
  if (served === undefined) {
    const hint = 'Look at the controller, or at cert-manager where that issues it.'
    return [...results, bad('certificates', "the webhook's Secret holds no certificate: its pods wait for it", hint)]
  }
  const left = served.validToDate.getTime() - now.getTime()
  const until = served.validToDate.toISOString()
  if (left <= 0) {
    results.push(bad('certificates', `the webhook's certificate expired on ${until}`, 'Look at who issues it.'))
  } else if (left < soon) {
    results.push(warning('certificates', `the webhook's certificate ends on ${until}`, 'Look at who renews it.'))
  } else results.push(good('certificates', `the webhook's certificate is valid until ${until}`))
  if (!chains(served, leaf ?? '', valid.join('\n'))) {
    results.push(
      bad(
        'certificates',
        "no authority in caBundle has signed the webhook's certificate",
        'Wait for a rotation to end; else look for MW6501 in the log of the controller: somebody overwrites caBundle.',
      ),
    )
  }
  return results
}

function read(pem: string): readonly X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).flatMap((text) => {
    try {
      return [new X509Certificate(text)]
    } catch {
      return []
    }
  })
}
