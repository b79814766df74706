/** Decoding of Arrow and Parquet files: what runs in a process of its own, since its libraries may fail in any way. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { tableFromIPC } from "@uwdata/flechette";
import { type Compressors, parquetMetadataAsync, parquetReadObjects } from "hyparquet";

type Rows = Iterable<Record<string, unknown>>;

/** A small file can claim any number of rows; one of questions has fewer. */
const MAX_ROWS = 5_000_000;
/** Of a decompressed page. */
const MAX_PAGE_BYTES = 1e9;

const COMPRESSORS: Compressors = {
  GZIP: (bytes, length) => gunzipSync(bytes, { maxOutputLength: bounded(length) }),
  BROTLI: (bytes, length) => brotliDecompressSync(bytes, { maxOutputLength: bounded(length) }),
  ZSTD: (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: bounded(length) }),
};

function bounded(length: number): number {
  if (length > MAX_PAGE_BYTES) throw new RangeError(`a page of ${length} bytes is more than ${MAX_PAGE_BYTES}`);
  return Math.max(1, length);
}

async function parquetRows(file: ArrayBuffer): Promise<Rows> {
  const metadata = await parquetMetadataAsync(file);
  checkRows(Number(metadata.num_rows));
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const stringFromBytes = (text: Uint8Array | undefined) => text && utf8.decode(text);
  return await parquetReadObjects({ file, metadata, compressors: COMPRESSORS, parsers: { stringFromBytes } });
}

function* arrowRows(file: ArrayBuffer): Rows {
  const table = tableFromIPC(file);
  checkRows(table.numRows);
  for (let i = 0; i < table.numRows; i++) yield table.at(i) as Record<string, unknown>;
}

function checkRows(count: number): void {
  if (!(count >= 0 && count <= MAX_ROWS)) throw new RangeError(`it claims ${count} rows; at most ${MAX_ROWS} are read`);
}

/** Numbers for 64-bit integers, lists for typed arrays. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<unknown>, plain);
  }
  if (typeof value !== "object" || value === null || value instanceof Date) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** Each row as a line of JSON. @throws {Error} Of any kind where the file is damaged. */
export async function* decodeTable(format: string, file: ArrayBuffer): AsyncGenerator<string> {
  for (const row of format === "Parquet" ? await parquetRows(file) : arrowRows(file)) yield JSON.stringify(plain(row));
}
