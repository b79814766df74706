/** Tokenizers that lie in files: in a GGUF's metadata, or as tokenizer.json with its neighbours. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheKey } from "../arch/build.ts";
import { filesIdentity } from "../arch/file_range.ts";
import { openGguf } from "../arch/gguf_file.ts";
import { parseObject } from "../arch/json_file.ts";
import type { EndsOrigin, TokenizerOrigin } from "../arch/origin.ts";
import { cacheDir } from "../store/paths.ts";
import { remembered, writeWhole } from "../store/whole_file.ts";
import { cutTokenizer, renumbered } from "./cut_tokenizer.ts";
import { chooseEnds, endsOfFolder, endsOfGguf } from "./end_of_text.ts";
import { tokenizerFromGguf } from "./gguf_tokenizer.ts";
import { byteTokenizer, openTokenizer, type Tokenizer, type TokenizerFile } from "./tokenizer.ts";
import { idIn, isObject, judgeContent, judgeSize, largestId } from "./tokenizer_json.ts";
import { tryTokenizer } from "./tokenizer_trial.ts";
import { warnOnce } from "./warn_once.ts";

type Json = Record<string, unknown>;

/** Part of the keys of all that is remembered of tokenizers: raise it when one is built, or judged, in another way. */
export const TOKENIZER_VERSION = 4;

/**
 * The tokenizer of a reference.
 *
 * @param vocabulary The ids that a cut of the vocabulary left; null: all.
 * @param ends Where the model itself names its ends of texts, for tokenizers whose own files name none.
 * @throws {TypeError} If a GGUF's tokenizer is of a kind that is not built yet.
 * @throws {SyntaxError} If its file is damaged, or cannot be opened in a trial.
 * @throws {RangeError} If its sizes are not those of a tokenizer, or it has ids that the model lacks.
 */
export async function tokenizerOf(
  origin: TokenizerOrigin,
  vocabSize: number,
  vocabulary: number[] | null,
  ends: EndsOrigin | null = null,
): Promise<Tokenizer> {
  if (origin === "bytes") {
    const bytes = await bytesOf(vocabulary ? 258 : vocabSize, ends);
    return vocabulary ? renumbered(bytes, vocabulary) : bytes;
  }
  const read = await tokenizerReader(origin, ends), name = "json" in origin ? origin.json : `of ${origin.gguf}`;
  const largest = await checkedOnce("json" in origin ? origin.json : origin.gguf, read, name);
  if (!vocabulary && largest >= vocabSize) {
    throw new RangeError(
      `Cannot use the tokenizer ${name}: it has ids up to ${largest}, and the model's vocabSize is ${vocabSize} (ids ` +
        `0 to ${vocabSize - 1}); give the reference the model's own tokenizer`,
    );
  }
  return openTokenizer(vocabulary ? () => cutTokenizer(read(), vocabulary) : read, name);
}

/** The bytes tokenizer of a model, with the ends of texts that its files name. */
export async function bytesOf(vocabSize: number, ends: EndsOrigin | null): Promise<Tokenizer> {
  const bytes = byteTokenizer(vocabSize);
  return { ...bytes, endIds: chooseEnds([], await endsOf(ends), bytes.eosId) };
}

/** Reads a tokenizer's file: late, since that takes long and timing never needs it. */
export async function tokenizerReader(
  origin: Exclude<TokenizerOrigin, "bytes">,
  ends: EndsOrigin | null,
): Promise<() => TokenizerFile> {
  const read = await fileReader(origin), ofModel = isSame(origin, ends) ? [] : await endsOf(ends);
  return () => {
    const file = read();
    return { ...file, endIds: chooseEnds(file.endIds, ofModel, file.eosId) };
  };
}

async function fileReader(origin: Exclude<TokenizerOrigin, "bytes">): Promise<() => TokenizerFile> {
  if ("json" in origin) return () => tokenizerFromJson(origin.json);
  const cached = await rebuilt(origin.gguf);
  return () => {
    const file: TokenizerFile = JSON.parse(Deno.readTextFileSync(cached));
    file.warnings?.forEach(warnOnce);
    return file;
  };
}

/** Whether a tokenizer's own files are those that name the model's ends. */
function isSame(origin: Exclude<TokenizerOrigin, "bytes">, ends: EndsOrigin | null): boolean {
  if (ends === null) return false;
  return "gguf" in origin
    ? "gguf" in ends && ends.gguf === origin.gguf
    : "folder" in ends && ends.folder === dirname(origin.json);
}

/** The ends of texts that a model's files name. */
async function endsOf(origin: EndsOrigin | null): Promise<number[]> {
  if (origin === null) return [];
  if ("folder" in origin) return endsOfFolder(configsOf(origin.folder));
  const key = cacheKey([TOKENIZER_VERSION, "ends", await filesIdentity([origin.gguf])]);
  return await remembered(
    cacheDir("tokenizers", `${key}.json`),
    async () => endsOfGguf((await openGguf(origin.gguf)).metadata),
  );
}

/** The configurations of a folder, {} for one that is not there. */
function configsOf(folder: string) {
  const read = (name: string) => existsSync(join(folder, name)) ? readConfig(join(folder, name)) : {};
  return { folder, "config.json": read("config.json"), "generation_config.json": read("generation_config.json") };
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
  return cacheDir("tokenizers", `${cacheKey([TOKENIZER_VERSION, await filesIdentity([path])])}${what}.json`);
}

/**
 * A tokenizer.json, with the ids of BOS and EOS from tokenizer_config.json beside it, or else config.json, and the ends of
 * texts from generation_config.json, or else config.json.
 *
 * @throws {SyntaxError} If one of the files is no JSON object.
 */
export function tokenizerFromJson(path: string): TokenizerFile {
  const tokenizer = readTokenizer(path);
  if (!isObject(tokenizer.model)) throw new SyntaxError(`Cannot read the tokenizer ${path}: it has no object model`);
  const folder = dirname(path), configs = configsOf(folder), config = configs["config.json"];
  const file = join(folder, "tokenizer_config.json"), named = existsSync(file) ? readConfig(file) : {};
  const id = (which: "bos" | "eos") =>
    idOf(tokenizer, named[`${which}_token`]) ?? wholeNumber(config[`${which}_token_id`]);
  const start = idOf(tokenizer, startOf(tokenizer.post_processor)), bosId = id("bos") ?? start;
  return {
    tokenizer,
    bosId,
    eosId: id("eos"),
    endIds: endsOfFolder(configs),
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

/** Python writes configurations, with infinities that JSON lacks. */
function readConfig(path: string): Json {
  return readObject(path, (bytes) => parseObject(bytes));
}

/** Plain JSON, and large: one more look at each of its values would take as long as the rest. */
function readTokenizer(path: string): Json {
  return readObject(path, (bytes) => {
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      return null;
    }
  });
}

function readObject(path: string, parse: (bytes: Uint8Array) => unknown): Json {
  judgeSize(Deno.statSync(path).size, path);
  const value = parse(Deno.readFileSync(path));
  if (isObject(value)) return value;
  throw new SyntaxError(`Cannot read ${path}: it is not a JSON object`);
}
