/** Prompts as templates: text with `{{field}}` where a row's own text goes, `{{choices.text}}` for a field inside one. */
import { FieldError } from "./fields.ts";
import type { Row } from "./types.ts";

const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g;

/**
 * The fields that a template names.
 *
 * @throws {RangeError} For a place that is no field's name.
 */
export function templateFields(template: string): string[] {
  const names = [...template.matchAll(PLACE)].map(([, name]) => name);
  const bad = names.find((name) => !/^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*$/u.test(name));
  const open = template.replaceAll(PLACE, "").match(/\{\{.*/)?.[0];
  if (open !== undefined) {
    throw new RangeError(
      `Cannot read the template ${JSON.stringify(template.slice(0, 60))}: ${JSON.stringify(open.slice(0, 40))} is no ` +
        `{{field}}; for text with such braces pass a function of the row`,
    );
  }
  if (bad === undefined) return names;
  throw new RangeError(
    `Cannot read the template ${JSON.stringify(template.slice(0, 60))}: "{{${bad}}}" names no field; ` +
      `for anything but a field pass a function of the row`,
  );
}

/**
 * The text of a row.
 *
 * @throws {FieldError} If a field is missing, or is neither text, a number nor true or false.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fill } from "./template.ts";
 *
 * assert.equal(fill("{{a}} + {{b.c}} =", { a: 1, b: { c: "two" } }), "1 + two =");
 * ```
 */
export function fill(template: string, row: Row): string {
  return template.replace(PLACE, (_, name: string) => {
    const value = fieldAt(row, name);
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    const got = value === undefined ? "it is missing" : `got ${JSON.stringify(value)?.slice(0, 60)}`;
    throw new FieldError(`field "${name}" must be text, ${got}`);
  });
}

/** The value at a dotted name; undefined where there is none. */
export function fieldAt(row: Row, name: string): unknown {
  return name.split(".").reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Row)[key] : undefined,
    row,
  );
}
