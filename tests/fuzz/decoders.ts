/** The decoders of Arrow and Parquet alone, many files a process: tens of thousands of files in the time of a few hundred. */
import { readFile } from "node:fs/promises";
import { Decoder } from "./decoder.ts";
import { type FuzzedReader, READERS } from "./readers.ts";

function decoderOf(name: "Arrow" | "Parquet"): FuzzedReader & { decoder: Decoder } {
  const reader = READERS.find((r) => r.name === name)!, decoder = new Decoder(name === "Arrow" ? "Arrow IPC" : name);
  return {
    ...reader,
    name: `${name} decoder`,
    decoder,
    read: async (path) => await decoder.decode(await readFile(path), path),
  };
}

export const DECODERS = [decoderOf("Arrow"), decoderOf("Parquet")];
