// Which addresses of receivers are accepted at all, before any name is looked up.
import { isIP } from 'node:net'
import { isPublicAddress } from './addresses.ts'

/** Names that never lead to the public. */
const localName = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa|localdomain)$/i

/** Why a URL is refused, as an end of the sentence "url …"; null for one that may be tried. `allowPrivate` lifts both https and the public network. */
export function refuseTarget(text: string, allowPrivate: boolean): string | null {
  if (!URL.canParse(text)) return 'must be a URL'
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) return 'must begin with https://'
  if (url.username !== '' || url.password !== '') return 'must not hold a user or password'
  if (url.hash !== '') return 'must not have a fragment'
  if (allowPrivate) return null
  const host = hostOf(url)
  if (isIP(host) !== 0) return isPublicAddress(host) ? null : 'must lead to the public network'
  return localName.test(host.replace(/\.+$/, '')) || !host.replace(/\.+$/, '').includes('.') ? 'must lead to the public network' : null
}

/** The host without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
}
