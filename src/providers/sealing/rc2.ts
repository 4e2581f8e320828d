// RC2 (RFC 2268) in CBC mode, decryption only. OpenSSL's legacy option wraps certificates with it, and Node's OpenSSL knows it no more. It protects nothing
// here: what such a file wraps with it is public.

// RFC 2268, 2: a permutation of the bytes made of the digits of pi.
const permutation = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb6266fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
)
const blockBytes = 8
const rotations = [1, 2, 3, 5]

/** Decrypts whole blocks and takes the padding (RFC 8018, 6.1.1) away; null when it is none: a wrong key. The key's length in bits is its effective one. */
export function decryptRc2(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Buffer | null {
  const words = expandKey(key)
  const clear = Buffer.alloc(data.length)
  let previous = iv
  for (let at = 0; at + blockBytes <= data.length; at += blockBytes) {
    const block = data.subarray(at, at + blockBytes)
    for (const [index, byte] of decryptBlock(words, block).entries()) clear[at + index] = byte ^ (previous[index] ?? 0)
    previous = block
  }
  const padding = clear.at(-1) ?? 0
  const isPadded = padding >= 1 && padding <= blockBytes && clear.subarray(-padding).every((byte) => byte === padding)
  return isPadded ? clear.subarray(0, -padding) : null
}

function expandKey(key: Uint8Array): Uint16Array {
  const bytes = Buffer.alloc(128)
  bytes.set(key)
  for (let at = key.length; at < 128; at++) bytes[at] = permutation[((bytes[at - 1] ?? 0) + (bytes[at - key.length] ?? 0)) & 0xff] ?? 0
  const first = 128 - key.length
  bytes[first] = permutation[bytes[first] ?? 0] ?? 0
  for (let at = first - 1; at >= 0; at--) bytes[at] = permutation[(bytes[at + 1] ?? 0) ^ (bytes[at + key.length] ?? 0)] ?? 0
  return Uint16Array.from({ length: 64 }, (_, at) => bytes.readUInt16LE(at * 2))
}

function decryptBlock(words: Uint16Array, block: Uint8Array): Buffer {
  const state = Uint16Array.from({ length: 4 }, (_, at) => (block[at * 2] ?? 0) | ((block[at * 2 + 1] ?? 0) << 8))
  const word = (at: number): number => state[at & 3] ?? 0
  let next = 63
  const mix = (): void => {
    for (let at = 3; at >= 0; at--) {
      const shift = rotations[at] ?? 0
      const turned = (word(at) >>> shift) | (word(at) << (16 - shift))
      state[at] = turned - (words[next--] ?? 0) - (word(at + 3) & word(at + 2)) - (~word(at + 3) & word(at + 1))
    }
  }
  const mash = (): void => {
    for (let at = 3; at >= 0; at--) state[at] = word(at) - (words[word(at + 3) & 63] ?? 0)
  }
  for (const rounds of [5, 6, 5]) {
    for (let round = 0; round < rounds; round++) mix()
    if (next > 0) mash()
  }
  return Buffer.from(state.buffer)
}
