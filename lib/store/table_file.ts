/**
 * Rows of a file on disk: .arrow (IPC stream or file), .parquet, .json (an array of objects), .jsonl, .jsonl.gz.
 */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { tableFromIPC } from "@uwdata/flechette";
import { readInChild } from "./table_in_child.ts";
import { decodeUtf8 } from "./utf8.ts";

/** One row: column name -> value, columns in the file's order. */
export type Row = Record<string, unknown>;

/** The rows of a file; each is made when asked for. */
export interface TableFile {
  total: number;
  /** @param index Zero-based, below `total`. */
  at(index: number): Row;
}

/** Endings of the files that `openTable` reads. */
export const TABLE_ENDINGS = [".jsonl", ".jsonl.gz", ".json", ".arrow", ".parquet"];

/** A file of text with more bytes is more than a string can hold. */
const MAX_TEXT_BYTES = 500e6;

/**
 * Open a file of rows. Arrow and Parquet are decoded in a process that can be given up.
 *
 * @param options.verified The file is one of the catalog's packages, whose hash was checked: it is decoded here, and late.
 * @throws {Error} If the file is missing.
 * @throws {RangeError} If its name ends otherwise than the known formats.
 * @throws {SyntaxError} If it cannot be read as what its name says; with file and line for JSON.
 */
export async function openTable(path: string, { verified = false } = {}): Promise<TableFile> {
  if (!TABLE_ENDINGS.some((ending) => path.endsWith(ending))) {
    throw new RangeError(`Cannot read ${path} as rows: its name must end in ${TABLE_ENDINGS.join(", ")}`);
  }
  const bytes = await readFile(path).catch((error) => {
    if (error.code !== "ENOENT") throw error;
    throw new Error(`Cannot read rows: there is no file ${path}`);
  });
  if (path.endsWith(".arrow") && verified) return readArrow(bytes, path);
  const format = path.endsWith(".arrow") ? "Arrow IPC" : path.endsWith(".parquet") ? "Parquet" : null;
  const rows = format
    ? await readInChild(format, bytes, path)
    : readJson(decodeUtf8(path.endsWith(".gz") ? gunzip(bytes, path) : bytes, path), path);
  return { total: rows.length, at: (index) => rows[index] };
}

function readArrow(bytes: Uint8Array, path: string): TableFile {
  try {
    const table = tableFromIPC(bytes);
    return { total: table.numRows, at: (index) => table.at(index) as Row };
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path} as Arrow IPC: ${message(error)}`);
  }
}

function gunzip(bytes: Uint8Array, path: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_TEXT_BYTES });
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path} as gzip: ${message(error)}`);
  }
}

function readJson(text: string, path: string): Row[] {
  if (path.endsWith(".json")) {
    const rows = parse(text, path, 1);
    if (!Array.isArray(rows)) throw new SyntaxError(`Cannot read ${path}, line 1: expected an array of rows`);
    return rows.map((row, i) => requireRow(row, `${path}, item ${i}`));
  }
  return text.split("\n").flatMap((line, i) =>
    line.trim() === "" ? [] : [requireRow(parse(line, path, i + 1), `${path}, line ${i + 1}`)]
  );
}

function parse(text: string, path: string, firstLine: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(
      `Cannot read ${path}, line ${firstLine + linesBefore(text, message(error))}: ${message(error)}`,
    );
  }
}

/** Line breaks before the fault, from what JSON.parse says of it: a position, or some of the text around it. */
function linesBefore(text: string, fault: string): number {
  const position = /at position (\d+)/.exec(fault)?.[1];
  const around = /^Unexpected token .*?, (?:\.\.\.)?"([^]*?)"(?:\.\.\.)? is not valid JSON$/.exec(fault)?.[1];
  let end = text.length;
  if (position !== undefined) end = Number(position);
  else if (around !== undefined) end = Math.max(0, text.indexOf(around)) + around.length / 2;
  return text.slice(0, end).split("\n").length - 1;
}

function requireRow(row: unknown, where: string): Row {
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as Row;
  throw new SyntaxError(`Cannot read ${where}: expected an object { column: value }, got ${JSON.stringify(row)}`);
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
