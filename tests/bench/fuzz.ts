/**
 * Damaged files by the thousand, for every reader: `deno task bench:fuzz [files] [reader ...]`. Prints a row a reader; ends
 * with 1 if anything but an error of our own was thrown, an answer took over a second, or memory grew by over 1 GB. Readers
 * with a process of their own are given one for every file, as the library does; "Arrow decoder" and "Parquet decoder" are
 * what runs in it, many files a process.
 */
import { progress } from "../../lib/progress.ts";
import { inTempFolder } from "../arch/temp_folder.ts";
import { watchChildren } from "../fuzz/children_memory.ts";
import { Decoder } from "../fuzz/decoder.ts";
import { DECODERS } from "../fuzz/decoders.ts";
import { fuzz } from "../fuzz/fuzz.ts";
import { READERS } from "../fuzz/readers.ts";

const count = Number(Deno.args[0] ?? 10_000), chosen = Deno.args.slice(1), seed = 1_000_000;
/** Files between two looks at memory. */
const STEP = 500;
let failed = false;
console.log(
  "reader, files, read all the same, refused by name, anything else, over 1 s, slowest (ms), largest RSS (MB), of a child (MB)",
);
for (const reader of [...READERS, ...DECODERS].filter(({ name }) => !chosen.length || chosen.includes(name))) {
  const bar = progress(reader.name, count);
  const sum = { read: 0, refused: 0, slow: 0, slowestMs: 0, wrong: [] as string[] };
  let rss = 0;
  const watch = Deno.build.os === "linux" ? watchChildren() : () => NaN;
  for (let done = 0; done < count; done += STEP) {
    await inTempFolder(async (folder) => {
      const { read, refused, slow, slowestMs, wrong } = await fuzz(
        reader,
        folder,
        Math.min(STEP, count - done),
        seed + done,
      );
      sum.read += read;
      sum.refused += refused;
      sum.slow += slow;
      sum.slowestMs = Math.max(sum.slowestMs, slowestMs);
      sum.wrong.push(...wrong);
    });
    rss = Math.max(rss, Deno.memoryUsage().rss);
    bar.update(done + STEP);
  }
  bar.finish();
  const { read, refused, slow, slowestMs, wrong } = sum,
    megabytes = [rss, watch()].map((bytes) => (bytes / 1e6).toFixed(0));
  console.log([reader.name, count, read, refused, wrong.length, slow, slowestMs.toFixed(0), ...megabytes].join(", "));
  for (const line of wrong.slice(0, 5)) console.log(`  ${line}`);
  if ("decoder" in reader && reader.decoder instanceof Decoder) {
    await reader.decoder.close();
    console.log(`  its process ended ${reader.decoder.deaths} times`);
  }
  failed ||= wrong.length > 0 || slow > 0 || rss > 1.5e9;
}
Deno.exit(failed ? 1 : 0);
