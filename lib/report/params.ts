/** The parameters that a notebook takes: the fields of the object `params` in its cell tagged `parameters`. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import ts from "typescript";
import { shown } from "../check/check.ts";
import { suggestion } from "../check/nearest.ts";

interface Notebook {
  cells: { cell_type: string; source: string | string[]; metadata?: { tags?: string[] } }[];
}

/** Kind of the value that stands in the notebook; "any" where it is computed. */
type Kind = "number" | "text" | "true or false" | "list" | "object" | "any";

/**
 * What each notebook is given of the parameters that were passed: those that it takes.
 *
 * @param paths Of the notebooks that shall run.
 * @returns In the order of the paths.
 * @throws {TypeError} For a parameter that none of them takes, or a value of another kind than the notebook's own.
 */
export async function paramsOf(paths: string[], params: Record<string, unknown>): Promise<Record<string, unknown>[]> {
  const given = Object.keys(params);
  if (!given.length) return paths.map(() => ({}));
  const taken = await Promise.all(paths.map(notebookParams));
  const known = [...new Set(taken.flatMap((kinds) => [...kinds.keys()]))];
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const names = paths.map((path) => basename(path, ".ipynb")).join(", ");
    throw new TypeError(
      known.length
        ? `Cannot run ${names}: unknown parameter "${unknown}"${suggestion(unknown, known)}`
        : `Cannot run ${names} with "${unknown}": it takes no parameters, it has no cell tagged "parameters"`,
    );
  }
  return taken.map((kinds, i) => {
    const own = Object.entries(params).filter(([name]) => kinds.has(name));
    for (const [name, value] of own) requireKind(paths[i], name, value, kinds.get(name)!);
    return Object.fromEntries(own);
  });
}

/**
 * Names and kinds of a notebook's parameters; none where it has no cell for them.
 *
 * @throws {TypeError} If the names cannot be read from the cell.
 */
async function notebookParams(path: string): Promise<Map<string, Kind>> {
  const { cells } = JSON.parse(await readFile(path, "utf8")) as Notebook;
  const cell = cells.find(({ cell_type, metadata }) => cell_type === "code" && metadata?.tags?.includes("parameters"));
  if (!cell) return new Map();
  const object = paramsObject([cell.source].flat().join(""));
  const kinds = object?.properties.map((property): [string, Kind] | null =>
    ts.isPropertyAssignment(property) && (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name))
      ? [property.name.text, kindOf(property.initializer)]
      : null
  );
  if (kinds?.every((kind) => kind !== null)) return new Map(kinds);
  throw new TypeError(
    `Cannot read the parameters of ${basename(path)}: its cell tagged "parameters" must say ` +
      "const params = { name: value, ... }",
  );
}

/** The object that `params` is declared as. */
function paramsObject(code: string): ts.ObjectLiteralExpression | undefined {
  for (const statement of ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest).statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (!ts.isIdentifier(name) || name.text !== "params" || !initializer) continue;
      const value = ts.isAsExpression(initializer) || ts.isSatisfiesExpression(initializer)
        ? initializer.expression
        : initializer;
      if (ts.isObjectLiteralExpression(value)) return value;
    }
  }
  return undefined;
}

function kindOf(value: ts.Expression): Kind {
  if (ts.isNumericLiteral(value) || (ts.isPrefixUnaryExpression(value) && ts.isNumericLiteral(value.operand))) {
    return "number";
  }
  if (ts.isStringLiteralLike(value)) return "text";
  if (value.kind === ts.SyntaxKind.TrueKeyword || value.kind === ts.SyntaxKind.FalseKeyword) return "true or false";
  if (ts.isArrayLiteralExpression(value)) return "list";
  return ts.isObjectLiteralExpression(value) ? "object" : "any";
}

function requireKind(path: string, name: string, value: unknown, kind: Kind): void {
  const isRight = {
    "number": typeof value === "number",
    "text": typeof value === "string",
    "true or false": typeof value === "boolean",
    "list": Array.isArray(value),
    "object": typeof value === "object" && value !== null && !Array.isArray(value),
    "any": true,
  };
  if (isRight[kind]) return;
  throw new TypeError(
    `Cannot run ${basename(path, ".ipynb")}: parameter ${name} must be a ${kind}, as in the notebook, got ${
      shown(value)
    }`,
  );
}
