/** Language modelling on bytes of the texts that ship with Python. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../stats/random.ts";
import { ROWS } from "../../check/common.ts";
import { object, optional } from "../../check/objects.ts";
import { checkOptions } from "../../check/options.ts";
import { integer } from "../../check/rules.ts";
import { findPython, run } from "../../store/python.ts";
import { type Batch, fillBatch, requireSizes, type TextTask, type TrainingTask } from "./task.ts";

/** What a text begins with: `bosId` of `byteTokenizer`. */
const BOS = 256;
/** One file in so many is for the test. */
const TEST_SHARE = 10;

/** Texts of a corpus, split by file. */
export interface Corpus {
  /** As shown to people, with its licence. */
  name: string;
  train: Uint8Array;
  test: Uint8Array;
}

/**
 * The source files that stand at the top of Python's standard library, split by file.
 *
 * @throws {Error} If there is no Python, or its library holds no sources.
 */
export async function pythonLibrary(): Promise<Corpus> {
  const python = await findPython();
  const question = "import sys, sysconfig; print(sysconfig.get_paths()['stdlib']); print(sys.version.split()[0])";
  const { ok, text } = await run([python, "-c", question]);
  if (!ok) throw new Error(`Cannot find the standard library of ${python}: ${text}`);
  const [folder, version] = text.split("\n");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".py")).sort();
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return {
    name: `Python ${version}'s standard library (PSF licence)`,
    train: joined(files.filter((_, i) => i % TEST_SHARE !== 0)),
    test: joined(files.filter((_, i) => i % TEST_SHARE === 0)),
  };
}

export const TEXTS_OPTIONS = object<{ maxBytes?: number; limit?: number }>({
  maxBytes: optional(integer({ min: 1, max: 2 ** 20 })),
  limit: optional(ROWS),
});

/**
 * Texts that training never sees, to be evaluated on: `{ text }`, pieces of the test files of Python's standard library,
 * each cut at the end of a line.
 *
 * @param options.maxBytes Of a piece; no more than the sequences that a model was trained on. Default 128.
 * @param options.limit Pieces, evenly over the files. Default 200.
 * @throws {RangeError} If a number is not a positive integer.
 */
export async function pythonTexts(options: { maxBytes?: number; limit?: number } = {}): Promise<{ text: string }[]> {
  checkOptions("Cannot cut texts", options, TEXTS_OPTIONS);
  const { maxBytes = 128, limit = 200 } = options;
  const lines = new TextDecoder().decode((await pythonLibrary()).test).split(/(?<=\n)/), pieces: string[] = [];
  let piece = "", bytes = 0;
  for (const line of lines) {
    const more = new TextEncoder().encode(line).length;
    if (bytes + more > maxBytes) {
      if (piece.trim()) pieces.push(piece);
      piece = "", bytes = 0;
    }
    if (more <= maxBytes) piece += line, bytes += more;
  }
  const step = Math.max(1, pieces.length / limit);
  return Array.from({ length: Math.min(limit, pieces.length) }, (_, i) => ({ text: pieces[Math.floor(i * step)] }));
}

function joined(files: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(files.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const file of files) {
    whole.set(file, at);
    at += file.length;
  }
  return whole;
}

/**
 * Pieces of a corpus at random places behind the tokenizer's first token, as models are evaluated; each byte is predicted
 * from those before it in its piece. Chance is a model that knows no more than how often each byte occurs.
 *
 * @throws {RangeError} If a part of the corpus is shorter than a piece.
 */
export function textTask({ tokens = 128 }: Omit<TextTask, "kind">, corpus: Corpus): TrainingTask {
  requireSizes("text", { tokens }, 2);
  for (const part of ["train", "test"] as const) {
    if (corpus[part].length < tokens) {
      throw new RangeError(
        `Cannot make task text: the ${part} part of ${corpus.name} has ${corpus[part].length} bytes, a piece needs ` +
          `${tokens}`,
      );
    }
  }
  const pieces = (text: Uint8Array) => (random: Random, sequences: number): Batch =>
    fillBatch(sequences, tokens, tokens, ({ ids, rows, targets }) => {
      const start = random.integer(text.length - tokens + 1);
      ids[0] = BOS;
      ids.set(text.subarray(start, start + tokens - 1), 1);
      targets.set(text.subarray(start, start + tokens));
      rows.forEach((_, i) => rows[i] = i);
    });
  return {
    name: `bytes of ${corpus.name}, pieces of ${tokens}`,
    identity: { kind: "text", bos: BOS, tokens, train: sha256(corpus.train), test: sha256(corpus.test) },
    tokens,
    rows: tokens,
    vocabSize: BOS + 1,
    metric: "bitsPerByte",
    chance: bitsByFrequency(corpus),
    ceiling: null,
    trainBatch: pieces(corpus.train),
    testBatch: pieces(corpus.test),
  };
}

/** Bits a byte of the test text for a model of the training text's frequencies, each counted once more than it occurs. */
function bitsByFrequency({ train, test }: Corpus): number {
  const counts = new Float64Array(256).fill(1);
  for (const byte of train) counts[byte]++;
  return test.reduce((sum, byte) => sum - Math.log2(counts[byte] / (train.length + 256)), 0) / test.length;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
