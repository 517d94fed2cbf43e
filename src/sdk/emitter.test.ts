import {expect, test} from 'vitest'
import {MeshEmitter} from './emitter.ts'

const trace = {id: 't', duration: 1, rootService: 'a', spans: [], error: false}

test('what one listener throws, or rejects with, is told as an error and keeps nothing from the others', async () => {
  const [emitter, errors, heard] = [new MeshEmitter(), [] as string[], [] as string[]]
  emitter.on('error', (error: Error) => errors.push(error.message))
  emitter.on('trace', () => {
    throw new Error('thrown')
  })
  // As an async function would, for all that the type says.
  emitter.on('trace', (): unknown => Promise.reject(new Error('rejected')))
  emitter.once('trace', () => heard.push('once'))
  emitter.on('trace', () => heard.push('always'))
  emitter.tell('trace', trace)
  emitter.tell('trace', trace)
  await expect.poll(() => errors).toHaveLength(4)
  expect(errors.toSorted((a, b) => a.localeCompare(b))).toEqual(['rejected', 'rejected', 'thrown', 'thrown'])
  expect(heard).toEqual(['once', 'always', 'always'])
})

test('a listener of errors that throws is a warning', async () => {
  const emitter = new MeshEmitter()
  const warned = new Promise((resolve) => process.once('warning', resolve))
  emitter.on('error', () => {
    throw new Error('even here')
  })
  emitter.fail(new Error('first'))
  expect(await warned).toMatchObject({message: 'even here', name: 'MeshwrightWarning'})
})
