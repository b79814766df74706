/** Read typed fields of a dataset's row; a missing or wrong one is an error that names the field and what was there. */
import { shown } from "../check/check.ts";
import type { Row } from "./types.ts";

/** A row that is not what its task needs. The caller adds the task's name and the row's index. */
export class FieldError extends TypeError {
  override name = "FieldError";
}

function wrong(field: string, wanted: string, value: unknown): FieldError {
  return new FieldError(
    `field "${field}" must be ${wanted}, ${value === undefined ? "it is missing" : `got ${shown(value)}`}`,
  );
}

export function textField(row: Row, field: string): string {
  const value = row[field];
  if (typeof value !== "string") throw wrong(field, "text", value);
  return value;
}

/** An object with fields of its own. */
export function recordField(row: Row, field: string): Row {
  const value = row[field];
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(field, "an object", value);
  return value as Row;
}

/** At least two texts. */
export function textListField(row: Row, field: string): string[] {
  const value = row[field];
  if (!Array.isArray(value) || value.length < 2 || value.some((v) => typeof v !== "string")) {
    throw wrong(field, "a list of two or more texts", value);
  }
  return value as string[];
}

/** An index below `length`, as a number or in digits. */
export function indexField(row: Row, field: string, length: number): number {
  const value = row[field];
  const index = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= length) {
    throw wrong(field, `an index from 0 to ${length - 1}`, value);
  }
  return index;
}

/** The right choice as an index, as the choice's own text, or as a letter ("A" is the first choice). */
export function answerField(row: Row, field: string, choices: string[]): number {
  const value = row[field];
  if (typeof value !== "string") return indexField(row, field, choices.length);
  const byText = choices.indexOf(value);
  if (byText >= 0) return byText;
  const letter = /^[A-Z]$/.test(value) ? value.charCodeAt(0) - 65 : -1;
  if (letter >= 0 && letter < choices.length) return letter;
  if (/^\d+$/.test(value)) return indexField(row, field, choices.length);
  throw wrong(field, "an index, a letter or one of the choices", value);
}
