// An authenticator app: RFC 6238 with SHA-1, 6 digits, steps of 30 seconds.
import { createHmac } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const bytes = secret => {
  const bits = [...secret.toUpperCase().replace(/[^A-Z2-7]/g, '')].map(c => ALPHABET.indexOf(c).toString(2).padStart(5, '0')).join('')
  return Buffer.from(bits.match(/.{8}/g).map(b => parseInt(b, 2)))
}

/** The code of now; @param later so many steps from now: a code is good once, and the next one is taken half a minute early */
export function code(secret, later = 0) {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later))
  const hash = createHmac('sha1', bytes(secret)).update(counter).digest()
  return String((hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
