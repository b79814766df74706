/**
 * Models of the hub: the reference becomes a commit and its files a folder on this machine, which is then opened as any
 * other. What cannot be opened is refused by its headers, before its weights are fetched.
 */
import { rm } from "node:fs/promises";
import { dirname, posix } from "node:path";
import { hubFilePath, type HubListing, isFetched } from "../../store/hub/cache.ts";
import { type FetchLimits, hubFiles } from "../../store/hub/files.ts";
import { hubListing } from "../../store/hub/listing.ts";
import { type HubReference, parseHubReference } from "../../store/hub/reference.ts";
import { readJsonObject } from "../json_file.ts";
import type { HubSource, ModelOrigin, TokenizerOrigin } from "../origin.ts";
import type { Precision } from "../model_ref.ts";
import { hubHeaders, MOST_BESIDE_BYTES } from "./headers.ts";
import { hubModelName, modelFiles, shardsOf } from "./layout.ts";
import { besideOf, type HubModelFiles, refused } from "./model_files.ts";

export interface HubModelOptions extends FetchLimits {
  /** Chooses among ONNX graphs. */
  precision?: Precision;
  /** Which form is taken of a repository that has both. Default "safetensors". */
  format?: "onnx" | "safetensors";
  /** "headers": no weights; what is opened cannot run. */
  read?: "all" | "headers";
}

/** Opens what lies at a path of this machine, under a name. */
export type OpenPath = (path: string, name: string) => Promise<ModelOrigin>;

/** More than fits into this machine's memory as fp32 is mostly a reference that was not meant. */
const MOST_GB = 20;

/**
 * The model of a reference to the hub.
 *
 * @param source `hf:owner/name`, `hf:owner/name@revision`, either with `/file.gguf`, `/folder` or `/onnx/model.onnx`.
 * @throws {RangeError} If the reference is none, there is no model there or several, or it is too large.
 * @throws {NotCachedError} If something is missing here, and HF_HUB_OFFLINE is set.
 * @throws {HubError} If the hub cannot be reached or refuses, or what came is not what its hashes say.
 * @throws As opening a folder or file, for what a model asks for and is not built: before its weights are fetched.
 */
export async function hubOrigin(source: string, options: HubModelOptions, open: OpenPath): Promise<ModelOrigin> {
  const { reference, repository, listing, plan } = await planned(source, options);
  if (plan.form === "onnx") throw refused(source, onnxWords(plan)); // before anything is fetched
  const { commit, license = null } = listing, name = hubModelName(reference, plan);
  const hub: HubSource = { repo: reference.repo, revision: reference.revision, commit, license };
  const wanted = [...plan.beside, ...(plan.index ? [plan.index] : []), ...plan.weights];
  const isThere = wanted.every((file) => isFetched(repository, commit, file));
  if (!isThere) {
    const path = await hubHeaders(source, repository, commit, plan, options);
    const folder = dirname(hubFilePath(repository, `${commit}.headers`, "x"));
    try {
      const origin = await open(path, name);
      if (options.read === "headers") {
        return { ...origin, weights: { ...origin.weights, stored: { headersOf: source } }, hub };
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true }); // a header may have come damaged: it is asked for again
      throw called(error, folder, source);
    }
  }
  await hubFiles(source, repository, commit, wanted, { ...unaskedLimit(), ...options });
  const origin = await open(hubFilePath(repository, commit, plan.open), name);
  const label = `${origin.weights.label} of hf:${reference.repo} at ${commit.slice(0, 12)}`;
  return { ...origin, weights: { ...origin.weights, label }, hub };
}

/** A graph of the hub, on this machine. */
export interface HubGraph {
  /** The graph that is run; its configurations lie beside it, or in the folder above. */
  path: string;
  name: string;
  hub: HubSource;
  /** Fetch files that the graph says its weights are in, by their names beside it: those that the repository has. */
  fetchData(locations: string[]): Promise<void>;
}

/**
 * The graph of a reference to the hub; null where what lies there is no ONNX.
 *
 * @throws As `hubOrigin`.
 */
export async function hubGraph(source: string, options: HubModelOptions): Promise<HubGraph | null> {
  const { reference, repository, listing, plan } = await planned(source, options);
  if (plan.form !== "onnx") return null;
  const { commit, files, license = null } = listing,
    graph = plan.weights[0].path,
    limits = { ...unaskedLimit(), ...options };
  await hubFiles(source, repository, commit, [...plan.beside, ...plan.weights], limits);
  return {
    path: hubFilePath(repository, commit, graph),
    name: hubModelName(reference, plan),
    hub: { repo: reference.repo, revision: reference.revision, commit, license },
    async fetchData(locations) {
      const paths = locations.map((location) => posix.join(posix.dirname(graph), location));
      await hubFiles(source, repository, commit, files.filter(({ path }) => paths.includes(path)), limits);
    },
  };
}

/**
 * The folder of weights in safetensors for an architecture that is given apart from them.
 *
 * @throws As `hubOrigin`.
 */
export async function hubWeights(source: string, options: HubModelOptions = {}): Promise<string> {
  const { repository, listing: { commit }, plan } = await planned(source, options);
  if (plan.form !== "safetensors") throw refused(source, "weights of an architecture of one's own are safetensors");
  const files = [...plan.weights, ...(plan.index ? [plan.index] : [])];
  if (options.read === "headers" && !files.every((file) => isFetched(repository, commit, file))) {
    return await hubHeaders(source, repository, commit, { ...plan, beside: [] }, options);
  }
  const [first] = await hubFiles(source, repository, commit, files, { ...unaskedLimit(), ...options });
  return dirname(first);
}

/** The tokenizer of a reference to the hub, without its weights. */
export async function hubTokenizer(source: string, options: HubModelOptions = {}): Promise<TokenizerOrigin> {
  const { reference, repository, listing, plan } = await planned(source, options, tokenizerOnly);
  if (plan.form === "gguf") return { gguf: await hubHeaders(source, repository, listing.commit, plan, options) };
  const paths = await hubFiles(source, repository, listing.commit, plan.beside, {
    maxBytes: MOST_BESIDE_BYTES,
    ...options,
  });
  const json = paths.find((path) => /[/\\]tokenizer\.json$/.test(path));
  if (json) return { json };
  throw refused(
    source,
    `there is no tokenizer.json in ${reference.path || reference.repo}; pass a folder that has one`,
  );
}

function tokenizerOnly(source: string, reference: HubReference, listing: HubListing): HubModelFiles {
  if (reference.path.endsWith(".gguf")) return modelFiles(source, reference, listing.files);
  const beside = besideOf(reference.path.replace(/(^|\/)tokenizer\.json$/, ""), listing.files);
  return { form: "safetensors", open: reference.path, beside, weights: [] };
}

/** What is to be fetched, the shards of an index included. */
async function planned(source: string, options: HubModelOptions, only?: typeof tokenizerOnly) {
  const reference = parseHubReference(source, "model"), repository = { kind: "model", repo: reference.repo } as const;
  const listing = await hubListing(source, "model", reference, options), { commit, files } = listing;
  let plan = only?.(source, reference, listing) ?? modelFiles(source, reference, files, options);
  if (plan.index) {
    const [path] = await hubFiles(source, repository, commit, [plan.index], {
      maxBytes: MOST_BESIDE_BYTES,
      ...options,
    });
    plan = { ...plan, weights: shardsOf(source, plan, files, (await readJsonObject(path)).weight_map) };
  }
  return { reference, repository, listing, plan };
}

function onnxWords({ weights }: HubModelFiles): string {
  const graph = weights[0].path;
  return `it is ONNX (${graph}), a graph that openModel and startHost run as it is and which says no architecture; pass ` +
    "a repository with .safetensors or .gguf";
}

/** Folders that nobody has seen are called as they were asked for. */
function called(error: unknown, folder: string, source: string): unknown {
  if (error instanceof Error) {
    error.message = error.message.replaceAll(folder, source.replace(/^(hf:[^/]+\/[^/]+).*$/, "$1"));
  }
  return error;
}

/** How much is fetched of a reference that may not have been meant. */
function unaskedLimit(): FetchLimits {
  const given = Deno.env.get("ARCHBENCH_HUB_MAX_GB"), most = Number(given || MOST_GB);
  if (!(most > 0)) {
    throw new RangeError(`Cannot fetch from the hub: ARCHBENCH_HUB_MAX_GB must be a number of GB, got "${given}"`);
  }
  return {
    maxBytes: 1e9 * most,
    instead: `set ARCHBENCH_HUB_MAX_GB to more than ${most}, or fetch it yourself and pass the path`,
  };
}
