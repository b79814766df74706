/**
 * Puts the table of tasks into data/README.md, between the marks `<!-- tasks -->` and `<!-- /tasks -->`.
 *
 *     deno run -A lib/eval/task_docs.ts        after a task was added or changed
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../store/paths.ts";
import { builtInTasks } from "./registry.ts";
import { taskTable } from "./task_table.ts";

const START = "<!-- tasks -->";
const END = "<!-- /tasks -->";

/** The tasks that come with the library as a Markdown table, its columns aligned as the formatter aligns them. */
export function taskMarkdown(): string {
  const head = [
    "Task",
    "What is asked",
    "Metrics",
    "Shots",
    "Rows",
    "lm-eval's rows, where others",
    "Licence of the data",
  ];
  const rows = taskTable(builtInTasks().map((task) => task.name)).map((row) => [
    `\`${row.task}\``,
    row.about,
    row.metrics.join(", "),
    String(row.shots),
    row.dataset === null ? "none" : `\`${row.dataset}\` ${row.split}`,
    row.lmEvalUses ?? "",
    row.license ?? "",
  ]);
  const width = head.map((_, i) => Math.max(...[head, ...rows].map((cells) => cells[i].length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(width[i])).join(" | ")} |`;
  return [line(head), line(width.map((n) => "-".repeat(n))), ...rows.map(line)].join("\n");
}

/** The text with the table between the marks. */
export function withTaskTable(text: string): string {
  const start = text.indexOf(START), end = text.indexOf(END);
  if (start < 0 || end < start) throw new SyntaxError(`Cannot update data/README.md: it has no ${START} ... ${END}`);
  return `${text.slice(0, start + START.length)}\n\n${taskMarkdown()}\n\n${text.slice(end)}`;
}

if (import.meta.main) {
  const path = join(projectRoot(), "data", "README.md");
  await writeFile(path, withTaskTable(await readFile(path, "utf8")));
}
