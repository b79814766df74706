/** Results that llama-bench printed as JSON: a list (`-o json`), objects by line (`-o jsonl`), or one object. */
import { JSON_STRING, parseLooseJson } from "../../store/loose_json.ts";
import { type Entry, OWN_FIELDS, unreadable } from "./entry.ts";

/**
 * The entries of a text; null if there is no JSON. Lines of a log may stand in front, behind, and between entries, as
 * `2>&1` with `--progress` puts them there.
 *
 * @throws {SyntaxError} For JSON that is damaged, or ends before its list or object does.
 */
export function jsonEntries(text: string, path: string): Entry[] | null {
  const list = text.trimStart().startsWith("[") ? parsed(text) : undefined;
  if (Array.isArray(list)) return list.map((value, i) => ({ value, where: `${path}, entry ${i}` }));
  const entries: Entry[] = [];
  let hasList = false, isOpen = false, line = 1, counted = 0;
  const between = /[\s,[\]]*/y;
  for (let at = 0; at < text.length;) {
    between.lastIndex = at;
    const marks = between.exec(text)![0], opened = marks.lastIndexOf("["), closed = marks.lastIndexOf("]");
    at += marks.length;
    if (closed >= 0) isOpen = false;
    if (opened >= 0 && opened < closed) hasList = true;
    if (text[at] !== "{") { // a line of the log
      at = (text.indexOf("\n", at) + 1) || text.length;
      continue;
    }
    for (; counted < at; counted++) if (text[counted] === "\n") line++;
    const where = `${path}, line ${line}`, length = objectLength(text, at);
    if (length === null) throw unreadable(where, "the object that starts there does not end; was the run cut off?");
    const value = parsed(text.slice(at, at + length));
    if (value === undefined) throw unreadable(where, "the object that starts there is no JSON");
    if (OWN_FIELDS.some((field) => Object.hasOwn(value as object, field))) {
      entries.push({ value, where });
      if (opened > closed) hasList = isOpen = true;
    }
    at += length;
  }
  if (isOpen) {
    throw unreadable(path, `its list does not end behind result ${entries.length}: the run was cut off; run it again`);
  }
  return entries.length || hasList ? entries : null;
}

/** The value of a text; undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return parseLooseJson(text);
  } catch {
    return undefined;
  }
}

/** Characters from `{` to its `}`; null if it does not end. */
function objectLength(text: string, start: number): number | null {
  const marks = new RegExp(`${JSON_STRING}|[{}]`, "g");
  marks.lastIndex = start;
  let depth = 0;
  for (let match; (match = marks.exec(text));) {
    if (match[0] === "{") depth++;
    if (match[0] === "}" && --depth === 0) return marks.lastIndex - start;
  }
  return null;
}
