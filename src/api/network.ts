// Network addresses as the limits count them: one form for one end user, however the address was written.
import { isIP } from 'node:net'

/**
 * The canonical form of an address: IPv4 as it is, IPv4 inside IPv6 unwrapped, other IPv6 cut to its /64 (one customer's usual share).
 * Null for anything that is no address.
 */
export function normalizeNetwork(address: string): string | null {
  const bare = address.trim().split('%', 1)[0] ?? ''
  const version = isIP(bare)
  if (version === 4) return bare
  if (version !== 6) return null
  const groups = ipv6Groups(bare)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return [groups[6] ?? 0, groups[7] ?? 0].flatMap((group) => [group >> 8, group & 255]).join('.')
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

/** The eight groups of a valid IPv6 address. The URL parser writes every spelling in its one canonical way. */
function ipv6Groups(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::', 2)
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16))
}
