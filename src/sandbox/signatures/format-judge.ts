// Judges each signature value of a file once, within the file's budget of hashed bytes.
import { PdfRefusal } from '../pdf/budget.ts'
import type { PdfFile } from '../pdf/snapshot.ts'
import type { PdfDict } from '../pdf/values.ts'
import type { ByteRange } from './byte-range.ts'
import { readByteRange } from './byte-range.ts'
import type { FormatVerdict } from './formats.ts'
import { judgeFormat, refuseFormat } from './formats.ts'

export class FormatJudge {
  private readonly file: PdfFile
  private readonly verdicts = new Map<number, FormatVerdict>()

  constructor(file: PdfFile) {
    this.file = file
  }

  /** The verdict on a signature dictionary of this file and its range. `unsupported` when more would be hashed than allowed. */
  judge(dict: PdfDict, range: ByteRange): FormatVerdict {
    const known = this.verdicts.get(dict.start)
    if (known !== undefined) return known
    const verdict = this.judgeWithin(dict, range)
    this.verdicts.set(dict.start, verdict)
    return verdict
  }

  /** Whether a later signature is one. What shows something in the name of a signature has to verify; an unseen one has to fit where it stands. */
  isSound(dict: PdfDict, isVisible: boolean): boolean {
    const read = readByteRange(this.file.data, dict)
    return 'range' in read && (!isVisible || this.judge(dict, read.range).verdict.integrity === 'intact')
  }

  private judgeWithin(dict: PdfDict, range: ByteRange): FormatVerdict {
    try {
      this.file.budget.spend('maxHashedBytes', range.coveredEnd)
      return judgeFormat(dict, range)
    } catch (error) {
      if (!(error instanceof PdfRefusal)) throw error
      return refuseFormat('SIG_CONSTRAINTS_FAILURE', 'too_much_to_hash', 'There is more signed data than is read here.')
    }
  }
}
