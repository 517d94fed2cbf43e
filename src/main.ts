import {run} from './cli/program.ts'

// A reader that has seen enough, such as head, closes the pipe: no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`meshwright: cannot write: ${error.message}\n`)
  process.exit(1)
})
// Nobody is left to be told.
process.stderr.on('error', () => {})

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  lifetime: {
    onStop: (listener) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener)
    },
    exit: (code) => process.exit(code),
  },
})
