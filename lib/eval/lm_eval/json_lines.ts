/** A JSONL file line by line, however large: one line is held at a time. */
import { parseLooseJson } from "../../store/loose_json.ts";

/** A line longer than this is no row of an evaluation. */
const MAX_LINE_CHARS = 64 * 2 ** 20;

/**
 * The objects of a JSONL file with the numbers of their lines; empty lines are left out.
 *
 * @throws {SyntaxError} For a line that is no JSON object, or too long, or a file that is not UTF-8; with file and line.
 */
export async function* jsonLines(
  path: string,
  maxLineChars = MAX_LINE_CHARS,
): AsyncGenerator<{ line: number; row: Record<string, unknown> }> {
  using file = await Deno.open(path);
  let rest: string[] = [], length = 0, line = 0;
  const finish = (end: string) => {
    const text = rest.join("") + end;
    rest = [], length = 0, line++;
    return text.trim() === "" ? null : { line, row: objectOf(text, `${path}, line ${line}`) };
  };
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const textOf = (bytes?: Uint8Array<ArrayBuffer>) => {
    try {
      return utf8.decode(bytes, { stream: bytes !== undefined });
    } catch { // the decoder does not say where in the piece that was read
      throw new SyntaxError(
        `Cannot read ${path}, in line ${line + 1} or soon after: it is not UTF-8; save it as UTF-8`,
      );
    }
  };
  for await (const bytes of file.readable) {
    const chunk = textOf(bytes), pieces = chunk.split("\n"), last = pieces.pop()!;
    for (const piece of pieces) {
      const found = finish(piece);
      if (found) yield found;
    }
    rest.push(last);
    length += last.length;
    if (length > maxLineChars) {
      throw new SyntaxError(`Cannot read ${path}, line ${line + 1}: it has more than ${maxLineChars} characters`);
    }
  }
  const found = finish(textOf());
  if (found) yield found;
}

function objectOf(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseLooseJson(text); // Python writes NaN
  } catch (error) {
    throw new SyntaxError(`Cannot read ${where}: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new SyntaxError(`Cannot read ${where}: expected an object, got ${text.slice(0, 60)}`);
}
