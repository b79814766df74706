/** Results that llama-bench printed as a table: `-o csv`, and `-o md`, its default. They hold means, no samples. */
import { type Entry, OWN_FIELDS, unreadable } from "./entry.ts";

/** Columns of a CSV that hold numbers, as far as they are read. */
const NUMBERS = [
  ...["build_number", "n_threads", "model_size", "model_n_params", "n_prompt", "n_gen", "n_depth", "avg_ns", "avg_ts"],
];
/** The entries of a CSV, each by its header's names; null if no line is such a header. Other lines are a log's. */
export function csvEntries(text: string, path: string): Entry[] | null {
  let header: string[] | null = null;
  const entries = text.split("\n").flatMap((line, i): Entry[] => {
    const cells = csvCells(line), where = `${path}, line ${i + 1}`;
    if (cells.includes("n_prompt") && OWN_FIELDS.filter((field) => cells.includes(field)).length > 1) {
      header = cells;
      return [];
    }
    if (!header) return [];
    if (cells.length !== header.length) {
      if (!line.startsWith('"') && cells.length < header.length / 2) return []; // a line of the log
      throw unreadable(where, `it has ${cells.length} cells, its header ${header.length}; was the run cut off?`);
    }
    const value = Object.fromEntries(header.map((name, i) => [name, numberOr(name, cells[i])]));
    return [{ value, where }];
  });
  return header ? entries : null;
}

function numberOr(name: string, cell: string): string | number {
  return NUMBERS.includes(name) && isNumber(cell) ? Number(cell) : cell;
}

function isNumber(cell: string): boolean {
  return cell.trim() !== "" && Number.isFinite(Number(cell));
}

/** The cells of a line, quoted or not; a quote in a quoted one is doubled. */
function csvCells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|""){0,10000})"|([^,"]*))(?=,|$)/g)]
    .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain.trim());
}

/**
 * The entries of Markdown tables; null if no line is a header with "model", "test" and "t/s". The line `build:` below a
 * table is its build. Sizes are what the table says, to two decimals of MiB or GiB.
 */
export function markdownEntries(text: string, path: string): Entry[] | null {
  let header: string[] | null = null, table: Record<string, unknown>[] = [];
  const entries: Entry[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    const where = `${path}, line ${i + 1}`, build = /^\s*build: (\S+) \((\d+)\)/.exec(line);
    if (build) {
      for (const value of table) Object.assign(value, { build_commit: build[1], build_number: Number(build[2]) });
      table = [];
    }
    if (!/^\s*\|/.test(line)) continue;
    const cells = line.trim().replace(/^\|/, "").replace(/\|$/, "").split("|").map((cell) => cell.trim());
    if (["model", "test", "t/s"].every((name) => cells.includes(name))) {
      header = cells;
      continue;
    }
    if (!header || cells.every((cell) => /^:?-+:?$/.test(cell))) continue;
    if (cells.length !== header.length) {
      throw unreadable(where, `it has ${cells.length} cells, its header ${header.length}; was the run cut off?`);
    }
    const value = markdownRow(new Map(header.map((name, i) => [name, cells[i]])), where);
    table.push(value);
    entries.push({ value, where });
  }
  return header ? entries : null;
}

/** A row under the names that JSON has. What is no number stays text, for the error. */
function markdownRow(cells: Map<string, string>, where: string): Record<string, unknown> {
  const name = cells.get("test")!;
  // older ones print "pp 512"
  const test = /^(?:pp ?(\d+))?\+?(?:tg ?(\d+))?(?:\s*@\s*d ?(\d+))?$/.exec(name);
  if (!test || name === "") {
    throw unreadable(where, `its test is ${JSON.stringify(name)}, not one like pp512, tg128 or pp512+tg128 @ d1024`);
  }
  const [rate] = cells.get("t/s")!.split(/\s/); // before "±", which a console may have turned into something else
  const threads = cells.get("threads") ?? "";
  return {
    model_type: cells.get("model"),
    model_filename: null,
    backends: cells.get("backend"),
    model_size: amount(cells.get("size"), { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }),
    model_n_params: amount(cells.get("params"), { K: 1e3, M: 1e6, B: 1e9, T: 1e12 }),
    n_threads: isNumber(threads) ? Number(threads) : null,
    n_prompt: Number(test[1] ?? 0),
    n_gen: Number(test[2] ?? 0),
    n_depth: Number(test[3] ?? 0),
    avg_ts: isNumber(rate) ? Number(rate) : rate,
  };
}

function amount(text: string | undefined, units: Record<string, number>): number | null {
  const [number, unit] = text?.split(/\s+/) ?? [];
  return number !== undefined && isNumber(number) && unit in units ? Math.round(Number(number) * units[unit]) : null;
}
