// Which network addresses are public. Everything that is not surely so is refused: a webhook must reach nothing of ours. Sources: the IANA special-purpose
// registries for IPv4 and IPv6.
import { BlockList, isIPv4, isIPv6 } from 'node:net'

const notPublic4 = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24',
  '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24',
  '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
] // prettier-ignore

/** Within 2000::/3, which is all that is handed out as public. */
const notPublic6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20', '5f00::/16']
const global6 = listOf(['2000::/3'], 'ipv6')
/** A translator carries these to the IPv4 address in their last 32 bits; mapped ones are that address. */
const carriesIpv4 = listOf(['::ffff:0:0/96', '64:ff9b::/96'], 'ipv6')

const blocked4 = listOf(notPublic4, 'ipv4')
const blocked6 = listOf(notPublic6, 'ipv6')

function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/', 2)
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** Whether a textual address (no brackets, no zone) is public. False for anything that is no address. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !blocked4.check(address, 'ipv4')
  if (!isIPv6(address) || address.includes('%')) return false
  if (carriesIpv4.check(address, 'ipv6')) return isPublicAddress(lastFourBytes(address))
  return global6.check(address, 'ipv6') && !blocked6.check(address, 'ipv6')
}

/** The IPv4 address in the last 32 bits of an IPv6 one. */
function lastFourBytes(address: string): string {
  // The URL parser writes every spelling as groups of hex digits.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':')
  const words = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16))
  return words.flatMap((word) => [word >> 8, word & 255]).join('.')
}
