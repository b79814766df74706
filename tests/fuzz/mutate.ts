/** Damage as it happens to files, made from good ones at run time: nothing that is damaged is kept. */
import type { Random } from "../../lib/stats/random.ts";

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const at = (bytes: Uint8Array, random: Random) => random.integer(Math.max(1, bytes.length));
/** Most of what a reader believes stands at the start of a file, or at its end. */
const edge = (bytes: Uint8Array, random: Random) => {
  const near = Math.min(bytes.length - 1, Math.floor(Math.abs(random.normal()) * 100));
  return random.next() < 0.7 ? near : bytes.length - 1 - near;
};

const MUTATIONS: Mutation[] = [
  (bytes, random) => { // one bit
    const out = bytes.slice();
    out[random.next() < 0.5 ? at(bytes, random) : edge(bytes, random)] ^= 1 << random.integer(8);
    return out;
  },
  (bytes, random) => { // some bytes, anything
    const out = bytes.slice(), start = at(bytes, random);
    for (let i = start; i < Math.min(out.length, start + 1 + random.integer(8)); i++) out[i] = random.integer(256);
    return out;
  },
  (bytes, random) => { // a number that is very large, or negative
    const out = bytes.slice(), start = edge(bytes, random), width = [1, 2, 4, 8][random.integer(4)];
    for (let i = start; i < Math.min(out.length, start + width); i++) out[i] = [0xff, 0x7f, 0x80, 0][random.integer(4)];
    return out;
  },
  (bytes, random) => bytes.slice(0, at(bytes, random)), // cut off
  (bytes, random) => { // a piece is missing
    const start = at(bytes, random), length = 1 + random.integer(64);
    return joined(bytes.subarray(0, start), bytes.subarray(start + length));
  },
  (bytes, random) => { // a piece stands twice
    const start = at(bytes, random), length = 1 + random.integer(64);
    return joined(bytes.subarray(0, start + length), bytes.subarray(start));
  },
];

/** Text that is JSON is damaged as a whole number, a name or a bracket more often than by single bits. */
const TEXT_MUTATIONS: Mutation[] = [
  (bytes, random) =>
    replaced(bytes, random, /-?\d+(\.\d+)?/g, ["0", "-1", "1e308", "4294967296", "1.5", '"7"', "null"]),
  (bytes, random) => replaced(bytes, random, /"[^"]*"/g, ['""', '"x"', "1", "null", "[]", "{}", '"\\u0000"']),
  (bytes, random) => replaced(bytes, random, /[[\]{},:]/g, ["[", "]", "{", "}", ",", ""]),
  (bytes, random) => replaced(bytes, random, /true|false|null/g, ["null", "0", '"true"', "[]"]),
];

/** One to three mutations of a good file. */
export function mutate(good: Uint8Array, random: Random, isText: boolean): Uint8Array {
  let bytes = good;
  for (let i = 1 + random.integer(3); i > 0; i--) {
    const kinds = isText && random.next() < 0.6 ? TEXT_MUTATIONS : MUTATIONS;
    bytes = kinds[random.integer(kinds.length)](bytes, random);
  }
  return bytes;
}

function replaced(bytes: Uint8Array, random: Random, pattern: RegExp, values: string[]): Uint8Array {
  const text = new TextDecoder().decode(bytes), found = [...text.matchAll(pattern)];
  if (!found.length) return bytes;
  const { index, 0: old } = found[random.integer(found.length)];
  const value = values[random.integer(values.length)];
  return new TextEncoder().encode(text.slice(0, index) + value + text.slice(index + old.length));
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
