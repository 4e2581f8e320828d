// What the sniffer makes of honest files, of liars, and of files made to be two things or to burst.
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { SniffResult } from '../../src/contracts/inspection.ts'
import { judgeType } from '../../src/domain/uploads/judge-type.ts'
import { memorySource } from '../../src/sandbox/byte-source.ts'
import { sniffType } from '../../src/sandbox/sniff/sniff.ts'
import { docx, gif, jpeg, pdf, png, tiff, webp, zip } from '../support/files.ts'

const sniff = (bytes: Buffer): SniffResult => sniffType(memorySource(bytes))
const word = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'

describe('the sniffer', () => {
  it.for([
    ['PDF', pdf(), 'application/pdf'],
    ['PNG', png(), 'image/png'],
    ['JPEG', jpeg(), 'image/jpeg'],
    ['GIF', gif(), 'image/gif'],
    ['WebP', webp(), 'image/webp'],
    ['TIFF', tiff(), 'image/tiff'],
    ['DOCX', docx(), word],
    ['text in UTF-8', Buffer.from('Grüße,\r\nzwei\tSpalten\n'), 'text/plain'],
    ['text in UTF-16', Buffer.from('\ufeffGrüße\r\n', 'utf16le'), 'text/plain'],
    ['text in Windows-1252', Buffer.from('Gr\u00fc\u00dfe;1\n', 'latin1'), 'text/plain'],
  ] as const)('knows %s', ([, bytes, type]) => {
    expect(sniff(bytes)).toEqual({ kind: 'known', type })
  })

  it.for([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1_000)],
    ['a program', Buffer.from('MZ\u0090\u0000\u0003', 'latin1')],
    ['a page', Buffer.from('\n<html><body>')],
    ['a drawing with a script', Buffer.from('<svg onload=alert(1)>')],
    ['a shell script', Buffer.from('#!/bin/sh\nrm -rf /\n')],
    ['an archive that is no document', zip([{ name: 'a.txt', body: Buffer.from('a') }])],
    ['a document with macros', docx([{ name: 'word/vbaProject.bin', body: Buffer.from('x') }])],
    ['a document with names that lead out', docx([{ name: '../../etc/cron.d/x', body: Buffer.from('x') }])],
    ['a document that is two kinds', docx([{ name: 'xl/workbook.xml', body: Buffer.from('x') }])],
    ['a document cut short', docx().subarray(0, -10)],
    ['a PNG cut short', png().subarray(0, -4)],
  ] as const)('does not take %s', ([, bytes]) => {
    expect(sniff(bytes).kind).toBe('unknown')
  })

  it.for([
    [
      'an image with an archive behind it',
      Buffer.concat([gif().subarray(0, -1), Buffer.from([0x3b]), zip([{ name: 'a', body: Buffer.from('a') }])]),
    ],
    ['a PDF with an archive behind it', Buffer.concat([pdf(), zip([{ name: 'a', body: Buffer.from('a') }])])],
    [
      'an image with a PDF in its comment',
      Buffer.concat([jpeg().subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 40]), pdf(), jpeg().subarray(2)]),
    ],
    ['an archive with a PDF in front', zip([{ name: 'a', body: pdf() }])],
    ['text with an archive behind it', Buffer.concat([Buffer.from('hello\n'), zip([{ name: 'a', body: Buffer.from('a') }])])],
  ] as const)('refuses %s as neither the one nor the other', ([, bytes]) => {
    expect(['polyglot', 'unknown']).toContain(sniff(bytes).kind)
    expect(judgeType(sniff(bytes), { uploadType: 'default' }).kind).toBe('refused')
  })

  it('takes no file that would burst', () => {
    const zeros = deflateRawSync(Buffer.alloc(20 * 1_048_576))
    const tight = docx([{ name: 'word/media/a', body: zeros, unpacked: 20 * 1_048_576 }])
    expect(sniff(tight)).toMatchObject({ kind: 'bomb' })
    expect(sniff(docx([{ name: 'word/media/a', body: Buffer.alloc(10), unpacked: 0xff_ff_ff_ff }]))).toMatchObject({ kind: 'bomb' })
    expect(sniff(docx([{ name: 'word/media/a', body: Buffer.alloc(10), packed: 1_000_000 }]))).toMatchObject({
      kind: 'bomb',
      hint: 'zip: entries overlap',
    })
  })

  it('ends on whatever random bytes it is given, whatever they begin with', () => {
    const heads = [pdf(), png(), jpeg(), gif(), webp(), tiff(), docx(), Buffer.from('PK\u0003\u0004', 'latin1')]
    let seed = 1
    const next = (): number => (seed = (seed * 48_271) % 2_147_483_647)
    for (let round = 0; round < 2_000; round++) {
      const bytes = Buffer.from(heads[round % heads.length] ?? Buffer.alloc(0))
      for (let n = 0; n < 8 && bytes.length > 0; n++) bytes[next() % bytes.length] = next() % 256
      expect(['known', 'unknown', 'polyglot', 'bomb']).toContain(sniff(bytes.subarray(0, (next() % bytes.length) + 1)).kind)
    }
  })
})

describe('a type', () => {
  const judge = (bytes: Buffer, filename?: string, filetype?: string, uploadType = 'default') =>
    judgeType(sniff(bytes), {
      uploadType,
      ...(filename === undefined ? {} : { filename }),
      ...(filetype === undefined ? {} : { filetype }),
    })

  it('must agree with name and declaration, where these say something', () => {
    expect(judge(pdf(), 'a.pdf', 'application/pdf')).toEqual({ kind: 'accepted', mediaType: 'application/pdf' })
    expect(judge(pdf(), 'A.PDF', 'application/octet-stream')).toEqual({ kind: 'accepted', mediaType: 'application/pdf' })
    expect(judge(pdf())).toEqual({ kind: 'accepted', mediaType: 'application/pdf' })
    expect(judge(pdf(), 'a.png')).toEqual({ kind: 'refused', reason: 'type_mismatch' })
    expect(judge(pdf(), 'a.pdf.exe')).toEqual({ kind: 'refused', reason: 'type_mismatch' })
    expect(judge(pdf(), 'a.pdf', 'image/png')).toEqual({ kind: 'refused', reason: 'type_mismatch' })
  })

  it('must be one that its kind of upload takes', () => {
    expect(judge(pdf(), 'a.pdf', undefined, 'image')).toEqual({ kind: 'refused', reason: 'type_not_allowed' })
    expect(judge(png(), 'a.png', undefined, 'image')).toEqual({ kind: 'accepted', mediaType: 'image/png' })
  })

  it('of a table is CSV by its name, however a browser calls it', () => {
    expect(judge(Buffer.from('a;b\n1;2\n'), 'a.csv', 'application/vnd.ms-excel')).toEqual({ kind: 'accepted', mediaType: 'text/csv' })
  })
})
