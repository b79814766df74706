/** Tokenizers that lie in files: in a GGUF's metadata, or as tokenizer.json with its neighbours. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheKey } from "../arch/build.ts";
import { openGguf } from "../arch/gguf_file.ts";
import type { TokenizerOrigin } from "../arch/origin.ts";
import { cacheDir } from "../store/paths.ts";
import { remembered, writeWhole } from "../store/whole_file.ts";
import { cutTokenizer, renumbered } from "./cut_tokenizer.ts";
import { byteTokenizer, openTokenizer, type Tokenizer, type TokenizerFile, tokenizerFromGguf } from "./tokenizer.ts";
import { idIn, isObject, judgeContent, judgeSize, largestId } from "./tokenizer_json.ts";
import { tryTokenizer } from "./tokenizer_trial.ts";

type Json = Record<string, unknown>;

/** Part of the keys of what is remembered of tokenizers: raise it when one is rebuilt, or judged, in another way. */
const CACHE_VERSION = 1;

/**
 * The tokenizer of a reference.
 *
 * @param vocabulary The ids that a cut of the vocabulary left; null: all.
 * @throws {TypeError} If a GGUF's tokenizer is of a kind that is not built yet.
 * @throws {SyntaxError} If its file is damaged, or cannot be opened in a trial.
 * @throws {RangeError} If its sizes are not those of a tokenizer, or it has ids that the model lacks.
 */
export async function tokenizerOf(
  origin: TokenizerOrigin,
  vocabSize: number,
  vocabulary: number[] | null,
): Promise<Tokenizer> {
  if (origin === "bytes") {
    return vocabulary ? renumbered(byteTokenizer(258), vocabulary) : byteTokenizer(vocabSize);
  }
  const read = await tokenizerReader(origin), name = "json" in origin ? origin.json : `of ${origin.gguf}`;
  const largest = await checkedOnce("json" in origin ? origin.json : origin.gguf, read, name);
  if (!vocabulary && largest >= vocabSize) {
    throw new RangeError(
      `Cannot use the tokenizer ${name}: it has ids up to ${largest}, and the model's vocabSize is ${vocabSize} (ids ` +
        `0 to ${vocabSize - 1}); give the reference the model's own tokenizer`,
    );
  }
  return openTokenizer(vocabulary ? () => cutTokenizer(read(), vocabulary) : read, name);
}

/** Reads a tokenizer's file: late, since that takes long and timing never needs it. */
export async function tokenizerReader(origin: Exclude<TokenizerOrigin, "bytes">): Promise<() => TokenizerFile> {
  if ("json" in origin) return () => tokenizerFromJson(origin.json);
  const cached = await rebuilt(origin.gguf);
  return () => JSON.parse(Deno.readTextFileSync(cached));
}

/** The tokenizer of a GGUF, rebuilt once: reading a large vocabulary out of its metadata takes longer. */
async function rebuilt(path: string): Promise<string> {
  const file = await cacheFile(path, "");
  if (!existsSync(file)) {
    await writeWhole(file, JSON.stringify(tokenizerFromGguf((await openGguf(path)).metadata, path)));
  }
  return file;
}

/** Judge and try a tokenizer where its file is new or changed; gives its largest id. */
async function checkedOnce(path: string, read: () => TokenizerFile, name: string): Promise<number> {
  const { largest } = await remembered(await cacheFile(path, "_checked"), async () => {
    const { tokenizer } = read();
    judgeContent(tokenizer, name);
    await tryTokenizer(JSON.stringify(tokenizer), name);
    return { largest: largestId(tokenizer) };
  });
  return largest;
}

/** Where something of a tokenizer's file is remembered, by path, size and time of change. */
async function cacheFile(path: string, what: string): Promise<string> {
  const { size, mtime } = await Deno.stat(path);
  return cacheDir("tokenizers", `${cacheKey([CACHE_VERSION, path, size, mtime?.getTime()])}${what}.json`);
}

/**
 * A tokenizer.json, with the ids of BOS and EOS from tokenizer_config.json beside it, or else config.json.
 *
 * @throws {SyntaxError} If one of the files is no JSON object.
 */
export function tokenizerFromJson(path: string): TokenizerFile {
  const tokenizer = readObject(path);
  if (!isObject(tokenizer.model)) throw new SyntaxError(`Cannot read the tokenizer ${path}: it has no object model`);
  const beside = (name: string) => {
    const file = join(dirname(path), name);
    return existsSync(file) ? readObject(file) : {};
  };
  const named = beside("tokenizer_config.json"), config = beside("config.json");
  const id = (which: "bos" | "eos") =>
    idOf(tokenizer, named[`${which}_token`]) ?? wholeNumber(config[`${which}_token_id`]);
  const start = idOf(tokenizer, startOf(tokenizer.post_processor)), bosId = id("bos") ?? start;
  return {
    tokenizer,
    bosId,
    eosId: id("eos"),
    addsBos: bosId !== null && (named.add_bos_token === true || start === bosId),
  };
}

/** The id of a token by its text, or by the object that tokenizer_config.json has for it. */
function idOf({ added_tokens, model }: Json, token: unknown): number | null {
  const content = isObject(token) ? token.content : token;
  if (typeof content !== "string") return null;
  const added = Array.isArray(added_tokens) ? added_tokens.find((t) => isObject(t) && t.content === content) : null;
  return wholeNumber(added?.id) ?? wholeNumber(idIn(model, content));
}

/** The special token that a post-processor puts in front of every text. */
function startOf(processor: unknown): unknown {
  if (!isObject(processor)) return null;
  if (Array.isArray(processor.processors)) return processor.processors.map(startOf).find((token) => token !== null);
  if (Array.isArray(processor.cls)) return processor.cls[0]; // BERT's and RoBERTa's
  const [first] = Array.isArray(processor.single) ? processor.single : [];
  return isObject(first) && isObject(first.SpecialToken) ? first.SpecialToken.id : null;
}

/** A token id, the first one of a list. */
function wholeNumber(value: unknown): number | null {
  const first = Array.isArray(value) ? value[0] : value;
  return Number.isInteger(first) && first >= 0 ? first : null;
}

function readObject(path: string): Json {
  judgeSize(Deno.statSync(path).size, path);
  try {
    const value: unknown = JSON.parse(Deno.readTextFileSync(path));
    if (isObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new SyntaxError(`Cannot read ${path}: it is not a JSON object`);
}
