/** What a tokenizer.json says of itself: its tokens and their ids, and whether its sizes are those of a tokenizer. */

type Json = Record<string, unknown>;

/** More than any tokenizer.json has: that of 262,144 tokens with 514,906 merges is 33 MB, nested 8 deep. */
const MOST_BYTES = 100_000_000, MOST_TOKENS = 2 ** 22, MOST_MERGES = 2 ** 23, MOST_DEPTH = 100;

/**
 * Judges a file by its size, before it is read.
 *
 * @throws {RangeError} If it is larger than any tokenizer.
 */
export function judgeSize(bytes: number, path: string): void {
  if (bytes <= MOST_BYTES) return;
  throw new RangeError(
    `Cannot read ${path}: ${bytes} bytes are more than any tokenizer has (${MOST_BYTES} are read)`,
  );
}

/**
 * Judges what is in a file, before a library reads it.
 *
 * @throws {RangeError} If it is nested deeper, or has more tokens or merges, than any tokenizer.
 */
export function judgeContent(tokenizer: Json, name: string): void {
  const { vocab, merges } = tokenizer.model as Json;
  const judge = (field: string, count: number, what: string, most: number) => {
    if (count <= most) return;
    throw new RangeError(
      `Cannot read the tokenizer ${name}: its ${field} has ${count} ${what}, more than any tokenizer has (${most} are read)`,
    );
  };
  judge("model.vocab", isObject(vocab) ? Object.keys(vocab).length : lengthOf(vocab), "tokens", MOST_TOKENS);
  judge("model.merges", lengthOf(merges), "merges", MOST_MERGES);
  judge("added_tokens", lengthOf(tokenizer.added_tokens), "tokens", MOST_TOKENS);
  judge("JSON", depthOf(tokenizer, MOST_DEPTH + 1), "objects inside one another", MOST_DEPTH);
}

/** How deep a value is nested; counting ends at `enough`. */
function depthOf(value: unknown, enough: number): number {
  let depth = 0;
  for (let level = [value]; level.length && depth < enough; depth++) {
    level = level.flatMap((v) => Object.values(v as object)).filter((v) => typeof v === "object" && v !== null);
  }
  return depth;
}

/** The tokens of the model and their ids: an object, or Unigram's list of tokens with their scores. */
export function* vocabularyOf(model: unknown): Generator<[token: string, id: unknown]> {
  const vocab = isObject(model) ? model.vocab : null;
  if (Array.isArray(vocab)) {
    for (const [id, entry] of vocab.entries()) yield [Array.isArray(entry) ? entry[0] : entry, id];
  } else if (isObject(vocab)) { for (const token in vocab) yield [token, vocab[token]]; }
}

/** Whether a model is BPE; old files do not name its kind. */
export function isBpe(model: unknown): boolean {
  return isObject(model) && (model.type ?? "BPE") === "BPE" && Array.isArray(model.merges);
}

/** The id of a token of the model, as it stands there. */
export function idIn(model: unknown, token: string): unknown {
  const vocab = isObject(model) ? model.vocab : null;
  if (isObject(vocab)) return Object.hasOwn(vocab, token) ? vocab[token] : null;
  for (const [other, id] of vocabularyOf(model)) if (other === token) return id;
  return null;
}

/** The largest id that the tokenizer can give; -1 if it has no token. */
export function largestId({ model, added_tokens }: Json): number {
  let largest = -1;
  const see = (id: unknown) => {
    if (typeof id === "number" && id > largest) largest = id;
  };
  for (const [, id] of vocabularyOf(model)) see(id);
  for (const token of Array.isArray(added_tokens) ? added_tokens : []) see(token?.id);
  return largest;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}
