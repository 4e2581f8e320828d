// What kind of device a User-Agent speaks of. Coarse on purpose: for a person to recognise theirs, too little to follow one by.

export type Device = { name: string; type: 'desktop' | 'mobile' | 'tablet' | 'program' | 'unknown' }

/** The order matters: many browsers also claim to be those further down. */
const browsers: readonly [RegExp, string][] = [
  [/\bEdgi?A?(?:OS)?\//, 'Edge'],
  [/\bOPR\/|\bOpera\b/, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const systems: readonly [RegExp, string][] = [
  [/\biPad\b/, 'iPadOS'],
  [/\biPhone\b|\biPod\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
]

/** `Firefox on Linux`, without versions; a program that says its name is called by it. */
export function describeDevice(userAgent: string | undefined): Device {
  const text = (userAgent ?? '').slice(0, 512)
  const browser = browsers.find(([pattern]) => pattern.test(text))?.[1]
  const system = systems.find(([pattern]) => pattern.test(text))?.[1]
  if (!browser && !system) {
    const program = /^[A-Za-z][\w.-]{0,31}(?=\/|$)/.exec(text)?.[0]
    return program ? { name: program, type: 'program' } : { name: 'Unknown device', type: 'unknown' }
  }
  return { name: [browser, system].filter(Boolean).join(' on '), type: typeOf(text, system) }
}

function typeOf(text: string, system: string | undefined): Device['type'] {
  if (system === 'iPadOS' || (system === 'Android' && !/\bMobile\b/.test(text))) return 'tablet'
  return system === 'iOS' || system === 'Android' || /\bMobile\b/.test(text) ? 'mobile' : 'desktop'
}
