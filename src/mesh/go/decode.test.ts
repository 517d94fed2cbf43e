import {describe, expect, it} from 'vitest'
import {decodeList} from './decode.ts'

describe('a list of volumes as Go reads it', () => {
  it('takes keys in any case, drops unknown ones, and null for nothing', () => {
    expect(decodeList('Volume', '[{"NAME": "a", "emptydir": {"sizeLimit": 5, "x": 1}, "secret": null}]')).toEqual({
      ok: true,
      items: [{name: 'a', emptyDir: {sizeLimit: 5}}],
    })
    expect(decodeList('Volume', 'null')).toEqual({ok: true, items: []})
  })

  it('lets the last of equal keys win', () => {
    expect(decodeList('VolumeMount', '[{"name": "a", "Name": "b"}]')).toEqual({ok: true, items: [{name: 'b'}]})
  })

  it.each([
    ['{', 'it is not JSON'],
    ['{}', 'it is not a JSON list'],
    ['[1]', '[0] must be an object'],
    ['[{"name": 1}]', '[0].name must be a text'],
    ['[{"emptyDir": {"sizeLimit": "lots"}}]', '[0].emptyDir.sizeLimit must be a quantity'],
    ['[{"secret": {"items": [{"mode": 1.5}]}}]', '[0].secret.items[0].mode must be a whole number'],
  ])('refuses %s', (text, reason) => {
    expect(decodeList('Volume', text)).toEqual({ok: false, reason})
  })

  it('refuses what nests without end where Go would hand it on unread', () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
    const metadata = `{"managedFields": [{"fieldsV1": ${deep}}]}`
    const text = `[{"name": "a", "ephemeral": {"volumeClaimTemplate": {"metadata": ${metadata}}}}]`
    expect(decodeList('Volume', text).ok).toBe(false)
  })
})
