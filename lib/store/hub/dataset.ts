/** Datasets of the hub (or of a mirror, HF_ENDPOINT): the files of a split on this machine. */
import { splitFiles } from "./dataset_layout.ts";
import { type FetchLimits, hubFiles } from "./files.ts";
import { hubListing } from "./listing.ts";
import { parseHubReference } from "./reference.ts";

export interface SplitOptions extends FetchLimits {
  /** Default: test, else validation, else the only one. */
  split?: string;
  /** Most bytes of a split's files together. Default 2 GB. */
  maxBytes?: number;
}

export interface HubSplit {
  split: string;
  commit: string;
  /** Absolute paths, in the order of their rows. */
  files: string[];
}

const MAX_BYTES = 2e9;

/**
 * The files of a split on this machine; what is missing is fetched, which is said in a line.
 *
 * @param source `hf:owner/name`, with `/config` or a file's path behind it.
 * @throws {NotCachedError} If something is missing, and `cachedOnly` or HF_HUB_OFFLINE is set.
 * @throws {RangeError} If there is no such split, or it is larger than `maxBytes`.
 * @throws {HubError} If the hub cannot be reached or refuses, or what came is not what its hashes say.
 */
export async function hubSplit(source: string, options: SplitOptions = {}): Promise<HubSplit> {
  const reference = parseHubReference(source, "dataset"),
    repository = { kind: "dataset", repo: reference.repo } as const;
  const listing = await hubListing(source, "dataset", reference, options);
  const { split, files } = splitFiles(source, listing.files.map((f) => f.path), reference.path, options.split);
  const wanted = files.map((path) => listing.files.find((f) => f.path === path)!);
  const local = await hubFiles(source, repository, listing.commit, wanted, {
    ...options,
    part: `split ${split}`,
    maxBytes: options.maxBytes ?? MAX_BYTES,
    instead: `pass the path of one of its files (${files[0]}), or fetch it yourself and pass the file's path`,
  });
  return { split, commit: listing.commit, files: local };
}
