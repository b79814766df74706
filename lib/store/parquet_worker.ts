/** A thread that decodes one Parquet file and posts its rows, so that a damaged file can be given up. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { type Compressors, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import type { ParquetAnswer } from "./parquet_file.ts";

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

async function decode(file: ArrayBuffer): Promise<Record<string, unknown>[]> {
  const metadata = await parquetMetadataAsync(file);
  if (metadata.num_rows > MAX_ROWS) throw new RangeError(`it has ${metadata.num_rows} rows, more than ${MAX_ROWS}`);
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const stringFromBytes = (text: Uint8Array | undefined) => text && utf8.decode(text);
  const rows = await parquetReadObjects({ file, metadata, compressors: COMPRESSORS, parsers: { stringFromBytes } });
  return rows.map((row) => plain(row) as Record<string, unknown>);
}

/** Numbers for 64-bit integers, lists for typed arrays: what JSON Lines of the same rows would give. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<unknown>, plain);
  }
  if (typeof value !== "object" || value === null || value instanceof Date) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

const thread = globalThis as unknown as { postMessage(answer: ParquetAnswer): void; onmessage: unknown };
thread.onmessage = async ({ data }: MessageEvent<ArrayBuffer>) => {
  try {
    thread.postMessage({ rows: await decode(data) });
  } catch (error) {
    thread.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};
thread.postMessage("ready");
