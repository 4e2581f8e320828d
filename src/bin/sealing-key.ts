// The key that the settings name, for API and workers alike.
import type { Config } from '../config.ts'
import type { SealingKey } from '../domain/envelope-ports.ts'
import { DAY_MS } from '../lib/durations.ts'
import type { Log } from '../log.ts'
import { loadSealingKey, sealingFaultSentence } from '../providers/sealing/sealing-key.ts'

/** One that cannot seal ends a process of production; elsewhere it is said, and nothing can be sent for signing. */
export function requireSealingKey(config: Config, log: Log): SealingKey {
  const { key, fault } = loadSealingKey(sealingKeyBytes(config), config.SEALING_KEY_PASSWORD?.reveal() ?? '', Date.now())
  if (fault === null) {
    warnBeforeEnd(key, log)
    return key
  }
  const sentence = `The sealing key cannot be used (${fault}): ${sealingFaultSentence(fault)}.`
  if (config.NODE_ENV === 'production') {
    console.error(sentence)
    return process.exit(78)
  }
  log.error({ fault }, `${sentence} Nothing can be sent for signing.`)
  return key
}

const warnMs = 30 * DAY_MS

function warnBeforeEnd(key: SealingKey, log: Log): void {
  const standing = key.standing(Date.now())
  if (!standing.ready || standing.certificate.notAfterMs - Date.now() > warnMs) return
  log.warn({ until: new Date(standing.certificate.notAfterMs).toISOString() }, 'The certificate of the sealing key ends soon.')
}

/** The PKCS#12 file's bytes. */
export function sealingKeyBytes({ SEALING_KEY_P12: p12 }: Config): Buffer | undefined {
  return p12 && Buffer.from(p12.reveal(), 'base64')
}
