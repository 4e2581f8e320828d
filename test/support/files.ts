// Small files of every kind that is taken, and archives of any content, made here so that each test says what is in them.

/** A PDF as small as they come. */
export function pdf(): Buffer {
  return Buffer.from('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\nxref\n0 1\ntrailer<</Root 1 0 R>>\nstartxref\n45\n%%EOF\n', 'latin1')
}

export function png(): Buffer {
  return Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
}

export function jpeg(): Buffer {
  return Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xd9])
}

export function gif(): Buffer {
  return Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
}

export function webp(): Buffer {
  return Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64')
}

export function tiff(): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.write('II', 'latin1')
  bytes.writeUInt16LE(42, 2)
  bytes.writeUInt32LE(8, 4)
  return bytes
}

type Entry = { name: string; body: Buffer; unpacked?: number; packed?: number }

/** An archive whose entries are stored as they are; sizes can lie. */
export function zip(entries: readonly Entry[]): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, body, unpacked = body.length, packed = body.length } of entries) {
    const local = Buffer.alloc(30 + name.length)
    local.write('PK\u0003\u0004', 'latin1')
    local.writeUInt32LE(packed, 18)
    local.writeUInt32LE(unpacked, 22)
    local.writeUInt16LE(name.length, 26)
    local.write(name, 30)
    const central = Buffer.alloc(46 + name.length)
    central.write('PK\u0001\u0002', 'latin1')
    central.writeUInt32LE(packed, 20)
    central.writeUInt32LE(unpacked, 24)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt32LE(at, 42)
    central.write(name, 46)
    bodies.push(local, body)
    directory.push(central)
    at += local.length + body.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...bodies, ...directory, end])
}

/** A Word document as far as a directory tells, with more entries behind. */
export function docx(more: readonly Entry[] = []): Buffer {
  const xml = Buffer.from('<?xml version="1.0"?><x/>')
  return zip([
    { name: '[Content_Types].xml', body: xml },
    { name: '_rels/.rels', body: xml },
    { name: 'word/document.xml', body: xml },
    ...more,
  ])
}

/** The test file that every scanner knows, in two halves so that none finds it here. */
export const eicar = Buffer.from(['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(''))
