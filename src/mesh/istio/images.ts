import type {StringMap} from '../pod.ts'
import {keys, own} from './annotations.ts'
import {objectOf, type ProtoJson} from './proto.ts'
import type {Settings} from './settings.ts'

const knownTypes = ['distroless', 'debug']

/** The proxy's image (pkg/kube/inject/inject.go ProxyImage and the template around it). */
export function proxyImage(settings: Settings, annotations: StringMap, config: ProtoJson): string {
  const name = settings.chart.text('global.proxy.image')
  const chosen = own(annotations, keys.proxyImage) ?? settings.sidecarImage ?? name
  if (chosen.includes('/') || (settings.sidecarImage !== undefined && chosen === settings.sidecarImage)) return chosen
  const imageType = objectOf(config['image'])?.['imageType']
  return reference(settings, annotations, name, typeof imageType === 'string' ? imageType : '')
}

/** The image of istio-init and istio-validation; ProxyConfig's image type does not touch it. */
export function initImage(settings: Settings, annotations: StringMap): string {
  const name = settings.chart.text('global.proxy_init.image')
  const chosen = own(annotations, keys.proxyImage) ?? name
  return chosen.includes('/') ? chosen : reference(settings, annotations, name, '')
}

function reference(settings: Settings, annotations: StringMap, name: string, imageType: string): string {
  const wanted = own(annotations, keys.proxyImageType) ?? (imageType === '' ? settings.variant : imageType)
  return `${settings.hub}/${name === '' ? 'proxyv2' : name}:${tagOf(settings.tag, wanted)}`
}

function tagOf(tag: string, imageType: string): string {
  if (imageType === '') return tag
  const known = knownTypes.find((type) => tag.endsWith(`-${type}`))
  const plain = known === undefined ? tag : tag.slice(0, -known.length - 1)
  return imageType === 'default' ? plain : `${plain}-${imageType}`
}
