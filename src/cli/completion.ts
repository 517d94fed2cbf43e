import {Argument, Command, type Option} from 'commander'
import type {Io} from './io.ts'

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

/** One command of the tree, as far as completion cares. */
interface Node {
  /** `config render`; the program itself is ''. */
  readonly path: string
  readonly commands: readonly {readonly name: string; readonly summary: string}[]
  readonly flags: readonly Flag[]
  /** Values of the positional arguments that have a closed list. */
  readonly values: readonly string[]
}

interface Flag {
  readonly names: readonly string[]
  readonly summary: string
  readonly takes: 'nothing' | 'files' | 'folders' | 'text' | readonly string[]
}

/** `completion SHELL`: a script made from the very command tree that runs. */
export function completionCommand(io: Io, program: () => Promise<Command>): Command {
  return new Command('completion')
    .description(
      'Print a completion script. Bash: source <(meshwright completion bash); zsh: the same, after compinit; ' +
        'fish: meshwright completion fish | source.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action(async (shell: Shell) => {
      io.stdout.write(scripts[shell](nodesOf(await program())))
    })
}

function nodesOf(command: Command, path = ''): Node[] {
  const visible = command.createHelp().visibleCommands(command)
  return [
    {
      path,
      commands: visible.map((below) => ({name: below.name(), summary: below.summary() || below.description()})),
      flags: command.createHelp().visibleOptions(command).map(flagOf),
      values: command.registeredArguments.flatMap(({argChoices}) => argChoices ?? []),
    },
    ...visible.flatMap((below) => nodesOf(below, `${path} ${below.name()}`.trim())),
  ]
}

function flagOf({short, long, description, argChoices, required, optional, flags}: Option): Flag {
  const takes =
    argChoices ??
    (!required && !optional
      ? 'nothing'
      : /<dir/.test(flags)
        ? 'folders'
        : /<(file|path)>/.test(flags)
          ? 'files'
          : 'text')
  return {names: [short, long].filter((name) => name !== undefined), summary: description, takes}
}

const scripts: Readonly<Record<Shell, (nodes: readonly Node[]) => string>> = {bash, zsh, fish}

function bash(nodes: readonly Node[]): string {
  const words = nodes.map(({path, commands, values, flags}) => {
    const all = [...commands.map(({name}) => name), ...values, ...flags.flatMap(({names}) => names)]
    return `    ${quote(path)}) words=${quote(all.join(' '))} ;;`
  })
  const values = nodes.flatMap(({path, flags}) =>
    flags.flatMap((flag) => flag.names.map((name) => `    ${quote(`${path} ${name}`)}) ${bashValue(flag)} ;;`)),
  )
  return `# bash completion for meshwright
_meshwright() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} path='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
      ${nodes
        .filter(({path}) => path !== '')
        .map(({path}) => quote(path))
        .join(' | ')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $previous" in
${values.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _meshwright meshwright
`
}

function bashValue({takes}: Flag): string {
  if (takes === 'nothing') return ':'
  if (takes === 'text') return 'return'
  if (takes === 'files') return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return'
  if (takes === 'folders') return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$current")); return'
  return `COMPREPLY=($(compgen -W ${quote(takes.join(' '))} -- "$current")); return`
}

function zsh(nodes: readonly Node[]): string {
  const parts = nodes.map(({path, commands, flags, values}) => {
    const specs = flags.map((flag) => {
      const [first = '', ...others] = flag.names
      const names = others.length === 0 ? quote(first) : `{${[first, ...others].join(',')}}`
      return `${names}${quote(`[${zshText(flag.summary)}]${zshValue(flag)}`)}`
    })
    const positional =
      commands.length > 0
        ? `'1:command:((${commands.map(({name, summary}) => `${name}\\:${zshWord(summary)}`).join(' ')}))' '*::argument:->below'`
        : values.length > 0
          ? `'1:value:(${values.join(' ')})'`
          : `'*:file:_files'`
    const below = commands.map(({name}) => `    ${name}) ${functionOf(`${path} ${name}`.trim())} ;;`)
    const dispatch =
      below.length === 0 ? '' : `\n  [[ $state == below ]] && case $line[1] in\n${below.join('\n')}\n  esac`
    return `${functionOf(path)}() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C ${[...specs, positional].join(' ')}${dispatch}
}`
  })
  return `#compdef meshwright
${parts.join('\n')}
if [ "\${funcstack[1]}" = _meshwright ]; then _meshwright "$@"; else compdef _meshwright meshwright; fi
`
}

function functionOf(path: string): string {
  return ['_meshwright', ...path.split(' ').filter(Boolean)].join('_').replaceAll('-', '_')
}

function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&')
}

/** Inside ((name\:words)): blanks and brackets end a word. */
function zshWord(text: string): string {
  return text.replace(/[\s()[\]:\\"'`$&;|<>*?!]/g, (character) => (character === "'" ? '' : `\\${character}`))
}

function zshValue({takes}: Flag): string {
  if (takes === 'nothing') return ''
  if (takes === 'text') return ':value:'
  if (takes === 'files') return ':file:_files'
  if (takes === 'folders') return ':folder:_files -/'
  return `:value:(${takes.join(' ')})`
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({path, commands, flags, values}) => {
    const here = `complete -c meshwright -n ${quote(`__meshwright_at ${quoteFish(path)}`)}`
    return [
      ...commands.map(({name, summary}) => `${here} -f -a ${name} -d ${quote(summary)}`),
      ...(values.length > 0 ? [`${here} -f -a ${quote(values.join(' '))}`] : []),
      ...flags.map((flag) => `${here} ${fishNames(flag)}${fishValue(flag)} -d ${quote(flag.summary)}`),
    ]
  })
  const paths = nodes.filter(({path}) => path !== '').map(({path}) => quote(path))
  return `# fish completion for meshwright
function __meshwright_at
  set -l at ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$at $word")
    contains -- "$next" ${paths.join(' ')}; and set at $next
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`
}

function fishNames({names}: Flag): string {
  return names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ')
}

function fishValue({takes}: Flag): string {
  if (takes === 'nothing') return ''
  if (takes === 'text') return ' -x'
  if (takes === 'files') return ' -r -F'
  if (takes === 'folders') return " -x -a '(__fish_complete_directories)'"
  return ` -x -a ${quote(takes.join(' '))}`
}

/** For a POSIX shell, in which a single quote cannot stand inside single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Inside fish's double quotes, themselves inside single ones. */
function quoteFish(text: string): string {
  return `"${text}"`
}
