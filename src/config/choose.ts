/** The environment that the command line or `MESHWRIGHT_ENV` chooses; undefined: the base. A flag beats the variable. */
export function chosenEnvironment(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return flag ?? (env['MESHWRIGHT_ENV'] || undefined)
}
