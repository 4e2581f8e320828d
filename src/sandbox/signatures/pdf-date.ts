// Dates as PDF writes them (ISO 32000-2, 7.9.4): D:20261120101500+02'00'.

/** The moment in milliseconds; undefined for text that is no such date. */
export function readPdfDate(text: string | undefined): number | undefined {
  const match = /^D:(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:Z|([+-])(\d{2})'?(\d{2})?'?)?/.exec(text ?? '')
  if (match === null) return undefined
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', sign, offsetHours = '00', offsetMinutes = '00'] =
    match
  const localMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000
  const atMs = localMs - (sign === '-' ? -offsetMs : offsetMs)
  return Number.isFinite(atMs) && atMs < Date.UTC(9999, 11, 31) ? atMs : undefined
}
