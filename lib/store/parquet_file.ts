/** Rows of a Parquet file, as the hub keeps its datasets. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { type Compressors, parquetMetadataAsync, parquetReadObjects } from "hyparquet";

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

/**
 * All rows, columns in the file's order. Whole numbers are numbers, also those of 64 bits.
 *
 * @throws {SyntaxError} If it is not Parquet, is damaged, or has text that is not UTF-8.
 */
export async function readParquet(bytes: Uint8Array, path: string): Promise<Record<string, unknown>[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const metadata = await parquetMetadataAsync(file);
    if (metadata.num_rows > MAX_ROWS) throw new RangeError(`it has ${metadata.num_rows} rows, more than ${MAX_ROWS}`);
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const stringFromBytes = (text: Uint8Array | undefined) => text && utf8.decode(text);
    const rows = await parquetReadObjects({ file, metadata, compressors: COMPRESSORS, parsers: { stringFromBytes } });
    return rows.map((row) => plain(row) as Record<string, unknown>);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path} as Parquet: ${error instanceof Error ? error.message : error}`);
  }
}

/** Numbers for 64-bit integers, lists for typed arrays: what JSON Lines of the same rows would give. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as unknown[], plain);
  }
  if (typeof value !== "object" || value === null || value instanceof Date) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
