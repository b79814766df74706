/**
 * Training of small siblings: `deno task bench:train`. Arguments: `recall` (which mixers learn associative recall: a table
 * over seeds), `speed` (steps against PyTorch), default both; `--rounds N` and `--threads N` of the speed.
 */
import { parseArgs } from "node:util";
import { recallTable } from "./train/recall.ts";
import { speedAgainstTorch } from "./train/speed.ts";

const { positionals, values } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { rounds: { type: "string", default: "8" }, threads: { type: "string", default: "1" } },
});
const parts = positionals.length ? positionals : ["recall", "speed"];
const unknown = parts.find((part) => part !== "recall" && part !== "speed");
if (unknown) throw new RangeError(`Unknown part "${unknown}"; there are: recall, speed`);
if (parts.includes("speed")) await speedAgainstTorch(Number(values.rounds), Number(values.threads));
if (parts.includes("recall")) await recallTable();
