/** Which of a hub repository's files hold a split: datasets there keep configurations in folders, splits in file names. */

/** Endings of the files that hold rows, the preferred one first. */
const ENDINGS = [".parquet", ".arrow", ".jsonl", ".jsonl.gz", ".json"];
const KEYWORD = /(?:^|[-_.])(train|test|validation|valid|val|dev)(?=[-_.]|$)/;

export interface SplitFiles {
  split: string;
  /** Paths in the repository, in the order of their rows. */
  files: string[];
}

interface Place {
  path: string;
  /** The file's name without its part and ending. */
  name: string;
  /** The configuration's folder; empty for a repository with one. */
  config: string;
  split: string;
  /** The split is its folder's name. */
  inFolder: boolean;
  ending: string;
}

/**
 * The files of one split.
 *
 * @param source The reference as it was given, for errors.
 * @param files All paths of the repository.
 * @param path A file, or a folder that stands for a configuration (or holds one); empty for the whole repository.
 * @param split Default: test, else validation, else the only one.
 * @throws {RangeError} If there is no such file, configuration or split, or several: the message lists them.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { splitFiles } from "./dataset_layout.ts";
 *
 * const files = ["README.md", "easy/train-00000-of-00002.parquet", "easy/train-00001-of-00002.parquet", "hard/test.jsonl"];
 * assert.deepEqual(splitFiles("hf:a/b", files, "easy", "train").files, files.slice(1, 3));
 * assert.deepEqual(splitFiles("hf:a/b", files, "hard"), { split: "test", files: ["hard/test.jsonl"] });
 * ```
 */
export function splitFiles(source: string, files: string[], path: string, split?: string): SplitFiles {
  const places = files.flatMap((file) => place(file) ?? []);
  const exact = places.find((p) => p.path === path);
  if (exact) return { split: split ?? exact.split, files: [path] };
  const below = places.filter((p) => path === "" || p.path.startsWith(`${path}/`));
  if (!below.length) {
    throw new RangeError(
      `There are no rows at ${source}: ${
        list(places.map((p) => p.config || p.path))
      }; pass one of those behind the name`,
    );
  }
  const configs = [...new Set(below.map((p) => p.config))];
  const config = configs.length === 1 ? configs[0] : configs.find((c) => c === path || c === "" || c === "default");
  if (config === undefined) {
    throw new RangeError(`${source} has several configurations: ${list(configs)}; pass one of those behind the name`);
  }
  const inConfig = below.filter((p) => p.config === config);
  const splits = [...new Set(inConfig.map((p) => p.split))];
  const chosen = split ?? ["test", "validation"].find((s) => splits.includes(s)) ?? splits[0];
  if (!splits.includes(chosen) || (split === undefined && splits.length > 1 && !/^(test|validation)$/.test(chosen))) {
    throw new RangeError(`Unknown split "${split ?? ""}" of ${source}: it has ${list(splits)}`);
  }
  const candidates = inConfig.filter((p) => p.split === chosen);
  const named = candidates.filter((p) => p.name === chosen || p.inFolder); // "train" before "train_2k"
  const ofSplit = named.length ? named : candidates;
  const names = new Set(ofSplit.map((p) => p.inFolder ? chosen : p.name));
  if (names.size > 1) {
    throw new RangeError(
      `Split "${chosen}" of ${source} could be several files: ${list(ofSplit.map((p) => p.path))}; ` +
        `pass one of those behind the name`,
    );
  }
  const ending = ENDINGS.find((e) => ofSplit.some((p) => p.ending === e)); // one form where there are several
  return { split: chosen, files: ofSplit.filter((p) => p.ending === ending).map((p) => p.path).sort() };
}

/** `<config>/<split>-00000-of-00001.parquet`, `<config>/<split>/0000.parquet`, `data/<split>.jsonl`, and the like. */
function place(path: string): Place | undefined {
  const ending = ENDINGS.findLast((e) => path.endsWith(e));
  const folders = path.split("/");
  const name = folders.pop()!.slice(0, -(ending?.length ?? 0)).replace(/-\d{5}-of-\d{5}(-[0-9a-f]+)?$/, "");
  if (!ending || /^(dataset_infos?|state)$/.test(name)) return undefined;
  let split = KEYWORD.exec(name)?.[1] ?? name;
  const parent = folders.at(-1);
  const inFolder = parent !== undefined && KEYWORD.exec(parent)?.[1] === parent;
  if (inFolder) split = folders.pop()!;
  if (split === "val" || split === "valid") split = "validation";
  return { path, name, config: folders.join("/") === "data" ? "" : folders.join("/"), split, inFolder, ending };
}

function list(names: string[]): string {
  const unique = [...new Set(names)];
  return unique.length > 12 ? `${unique.slice(0, 12).join(", ")} and ${unique.length - 12} more` : unique.join(", ");
}
