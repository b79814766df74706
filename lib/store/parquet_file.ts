/** Rows of a Parquet file, as the hub keeps its datasets. */

/** What the decoding thread posts: first that it is there, then the rows or what is wrong. */
export type ParquetAnswer = "ready" | { rows: Record<string, unknown>[] } | { error: string };

/** After this time a file is given up, whatever keeps the decoder; a sound one takes a few seconds for 100 MB. */
const LIMIT_MS = 5000, LIMIT_MS_PER_MB = 500;

/**
 * All rows, columns in the file's order. Whole numbers are numbers, also those of 64 bits.
 *
 * @param limitMs Time for decoding, after which the file is given up.
 * @param decoder Module of the thread that decodes, for tests.
 * @throws {SyntaxError} If it is not Parquet, is damaged, or has text that is not UTF-8.
 */
export async function readParquet(
  bytes: Uint8Array,
  path: string,
  limitMs: number = LIMIT_MS + LIMIT_MS_PER_MB * bytes.length / 1e6,
  decoder = new URL("./parquet_worker.ts", import.meta.url),
): Promise<Record<string, unknown>[]> {
  const worker = new Worker(decoder, { type: "module" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const answer = await new Promise<Exclude<ParquetAnswer, "ready">>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<ParquetAnswer>) => {
      if (data !== "ready") return resolve(data);
      worker.postMessage(bytes.slice().buffer);
      const late = `it is not decoded after ${Math.round(limitMs)} ms and seems damaged`;
      timer = setTimeout(() => resolve({ error: late }), limitMs);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      resolve({ error: event.message });
    };
  });
  clearTimeout(timer);
  worker.terminate();
  if ("rows" in answer) return answer.rows;
  throw new SyntaxError(`Cannot read ${path} as Parquet: ${answer.error}`);
}
