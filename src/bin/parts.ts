// The parts that API and workers build alike from the settings.
import type { Config } from '../config.ts'
import type { VerificationPolicy } from '../domain/ports.ts'

/** The rules of verifications as the settings have them. */
export function policyOf(config: Config): VerificationPolicy {
  return {
    brand: config.BRAND_NAME,
    publicUrl: config.PUBLIC_URL,
    isPublic: config.PUBLIC_API,
    channels: config.CHANNELS,
    digits: config.OTP_DIGITS,
    ttlSeconds: {
      phoneCode: config.OTP_TTL_SECONDS,
      mailCode: config.EMAIL_CODE_TTL_SECONDS,
      passwordReset: config.PASSWORD_RESET_TTL_SECONDS,
      mailLink: config.EMAIL_LINK_TTL_SECONDS,
    },
    ...(config.ALLOWED_COUNTRIES ? { allowedCountries: config.ALLOWED_COUNTRIES } : {}),
    redirects: config.REDIRECTS,
    ...(config.WEBOTP_ORIGIN === undefined ? {} : { webOtpOrigin: config.WEBOTP_ORIGIN }),
    networkFactor: config.NODE_ENV === 'production' ? 1 : 10,
    requestsPerMinute: config.RATE_LIMIT_PER_MINUTE,
    partitions: config.QUEUE_PARTITIONS,
  }
}
