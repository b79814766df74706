/**
 * Models that are split over several files, as llama.cpp's gguf-split names them: model-00001-of-00003.gguf. The first
 * one holds the model's keys, every one says which it is: `split.no` from 0, `split.count`, `split.tensors.count`.
 */
import { stat } from "../file_range.ts";
import { type GgufHeader, readGgufHeader } from "./header.ts";

const SHARD_NAME = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s;

export interface GgufShard extends GgufHeader {
  path: string;
  /** Bytes of the file. */
  size: number;
}

/** The files that belong to a model by their names, whether they are there or not: all shards, or the one file. */
export function shardPaths(path: string): string[] {
  const name = SHARD_NAME.exec(path);
  if (!name) return [path];
  const [, prefix, , total] = name;
  return Array.from(
    { length: Number(total) },
    (_, i) => `${prefix}-${String(i + 1).padStart(5, "0")}-of-${total}.gguf`,
  );
}

/** A model's name after its file: without ".gguf", and without the number of the shard. */
export function modelNameOf(fileName: string): string {
  return SHARD_NAME.exec(fileName)?.[1] ?? fileName.replace(/\.gguf$/, "");
}

/**
 * The headers of all of a model's files, the one with its keys first.
 *
 * @param path The file, or any shard of a model.
 * @throws {Deno.errors.NotFound} If a file is not there: the message names it.
 * @throws {SyntaxError} If one is damaged, or a shard of another model.
 */
export async function readShards(path: string): Promise<GgufShard[]> {
  const given: GgufShard = { path, ...await readGgufHeader(path) };
  const count = splitKey(given, "count");
  if (count <= 1) return [given];
  const paths = shardPaths(path);
  if (paths.length !== count) {
    throw new SyntaxError(
      `Cannot open ${path}: it is one of ${count} parts of a model (split.count), and its name does not say which; ` +
        `give all parts their names back: NAME-00001-of-${String(count).padStart(5, "0")}.gguf and so on`,
    );
  }
  for (const [i, part] of paths.entries()) {
    if ((await stat(part))?.isFile) continue;
    throw new Deno.errors.NotFound(
      `Cannot open ${path}: part ${i + 1} of ${count}, ${part}, is not there; all parts must lie in one folder`,
    );
  }
  const shards: GgufShard[] = [];
  for (const part of paths) shards.push(part === path ? given : { path: part, ...await readGgufHeader(part) });
  checkShards(shards);
  return shards;
}

/** A tensor count that all parts agree on, and tensors that are in one of them only, are what tells models apart. */
function checkShards(shards: GgufShard[]): void {
  const [first] = shards, wanted = splitKey(first, "tensors.count");
  const architecture = first.metadata["general.architecture"];
  const holder = new Map<string, string>();
  for (const [i, shard] of shards.entries()) {
    const refuse = (reason: string): never => {
      throw new SyntaxError(`Cannot open ${first.path}: ${shard.path} ${reason}; get the parts of one model`);
    };
    const own = (key: string, want: number) => {
      const value = splitKey(shard, key);
      if (value !== want) refuse(`is a part of another model: its split.${key} is ${value}, not ${want}`);
    };
    own("count", shards.length);
    own("no", i);
    own("tensors.count", wanted);
    const its = shard.metadata["general.architecture"] ?? architecture;
    if (its !== architecture) {
      refuse(`is a part of another model: its general.architecture is ${its}, not ${architecture}`);
    }
    for (const { name } of shard.tensors) {
      if (holder.has(name)) refuse(`holds tensor ${name}, which ${holder.get(name)} holds too`);
      holder.set(name, shard.path);
    }
  }
  if (holder.size === wanted) return;
  throw new SyntaxError(
    `Cannot open ${first.path}: its ${shards.length} parts hold ${holder.size} tensors, and split.tensors.count is ` +
      `${wanted}; get the parts of one model`,
  );
}

function splitKey({ path, metadata }: GgufShard, key: string): number {
  const value = metadata[`split.${key}`] ?? 0;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new SyntaxError(`Cannot read ${path}: split.${key} is ${value}, not a count`);
}
