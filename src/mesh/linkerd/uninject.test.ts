import {describe, expect, test} from 'vitest'
import {linkerd} from './index.ts'
import {injected, injectorOf, podOf, subjectOf} from './testing.ts'

describe('taking the sidecar out', () => {
  test.each([{}, {cniEnabled: true}, {proxy: {nativeSidecar: false}}])(
    'gives back the pod that went in, with %j',
    (values) => {
      const pod = podOf(
        {'example.com/team': 'shop', 'config.linkerd.io/enable-debug-sidecar': 'true'},
        {initContainers: [{name: 'setup'}], volumes: [{name: 'data'}]},
      )
      const {metadata, spec} = linkerd.uninject(injected(injectorOf({}, values).inject(subjectOf(pod))))
      expect(spec).toEqual(pod.spec)
      expect(metadata).toEqual({...pod.metadata, labels: {}})
    },
  )

  test('keeps an opt-out', () => {
    const pod = podOf({'linkerd.io/inject': 'disabled', 'linkerd.io/proxy-version': 'v1'})
    expect(linkerd.uninject(pod).metadata.annotations).toEqual({'linkerd.io/inject': 'disabled'})
  })

  test('leaves a pod without one as it is', () => {
    const pod = podOf({a: 'b'}, {volumes: [{name: 'data'}]})
    expect(linkerd.uninject(pod)).toBe(pod)
  })
})
