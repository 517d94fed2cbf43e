/**
 * Text of ours that may hold references such as `$(POD_NAME)`, which the kubelet expands when it starts the container.
 * Every other text is data: it reaches Envoy as it is, whatever it holds.
 */
export class Reference {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A reference whose literal parts are ours and whose interpolations are data: expand`${name}.$(POD_NAMESPACE)`. */
export function expand(literals: TemplateStringsArray, ...data: readonly string[]): Reference {
  return new Reference(literals.reduce((text, literal, i) => text + escaped(data[i - 1] ?? '') + literal))
}

/** What a bootstrap is made of; an undefined property is left out. */
export type Message =
  | null
  | boolean
  | number
  | string
  | Reference
  | undefined
  | readonly Message[]
  | {readonly [field: string]: Message}

/** YAML allows an implicit key of 1024 characters, and Envoy's parser counts the quotes and escapes. */
const longestImplicitKey = 1000

/**
 * A message as the value of Envoy's `--config-yaml`. Two readers stand between a tenant's text and Envoy: the kubelet
 * (so a `$` of data is doubled and expands nothing) and a YAML parser (so every text is a JSON string, and a long key is
 * an explicit one, as an implicit key must end within 1024 characters).
 */
export function configYaml(message: Message): string {
  if (typeof message === 'string') return quoted(message)
  if (message instanceof Reference) return JSON.stringify(message.text)
  if (Array.isArray(message)) return `[${message.map(configYaml).join(',')}]`
  if (typeof message !== 'object' || message === null) return String(message)
  let fields = ''
  for (const [name, value] of Object.entries(message)) {
    if (value === undefined) continue
    const key = quoted(name)
    const explicit = key.length > longestImplicitKey ? '? ' : ''
    fields += `${fields === '' ? '' : ','}${explicit}${key}:${configYaml(value)}`
  }
  return `{${fields}}`
}

function quoted(text: string): string {
  return escaped(JSON.stringify(text.toWellFormed()))
}

/** The kubelet makes `$` of `$$` and looks no further (Kubernetes third_party/forked/golang/expansion). */
function escaped(text: string): string {
  return text.includes('$') ? text.replaceAll('$', '$$$$') : text
}
