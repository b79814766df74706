/** Walks a rule: every field that it knows, each in the smallest value that holds it. */
import type { AnyRule, Shape } from "../../lib/check/rules.ts";

/** A field, and how to put something in its place. */
export interface Place {
  /** As an error names it, without what stands before it: "promptTokens". */
  name: string;
  /** The names beside it. */
  known: string[];
  /** Whether null may stand there. */
  nullable: boolean;
  /** Whether the value says of which form it is, so that fields beside it are checked. */
  isTold: boolean;
  /** A value that has `name` in the field's place, with this in it, and nothing else but what tells its form. */
  put(name: string, value: unknown): unknown;
}

/** All fields inside a rule. */
export function* placesOf(rule: AnyRule, wrap: (value: unknown) => unknown = (value) => value): Generator<Place> {
  const { shape } = rule;
  if (shape) yield* placesIn(shape, wrap, true);
}

function* placesIn(shape: Shape, wrap: (value: unknown) => unknown, isTold: boolean): Generator<Place> {
  switch (shape.kind) {
    case "list":
      return yield* inside(shape.each, (value) => wrap([value]), isTold);
    case "names":
      return yield* inside(shape.each, (value) => wrap({ one: value }), isTold);
    case "either": {
      const objects = shape.forms.filter((form) => form.shape?.kind === "object");
      const told = objects.length < 2 || objects.every((form) => form.shape?.kind === "object" && form.shape.marks);
      for (const form of shape.forms) yield* inside(form, wrap, isTold && told);
      return;
    }
    case "object": {
      const { fields, marks } = shape, known = Object.keys(fields);
      for (const [name, field] of Object.entries(fields)) {
        const rule = typeof field === "function" ? field : field.optional;
        const put = (name: string, value: unknown) => wrap({ ...marks, [name]: value });
        const nullable = rule.shape?.kind === "either" && rule.shape.nullable === true;
        yield { name, known, nullable, isTold, put };
        yield* inside(rule, (value) => put(name, value), isTold);
      }
    }
  }
}

function* inside(rule: AnyRule, wrap: (value: unknown) => unknown, isTold: boolean): Generator<Place> {
  if (rule.shape) yield* placesIn(rule.shape, wrap, isTold);
}

/** A name with one letter changed into the next of the alphabet, the middle one first, that is none of the known ones. */
export function misspelt(name: string, known: readonly string[]): string {
  const from = Math.floor(name.length / 2);
  for (let i = 0; i < name.length; i++) {
    const at = (from + i) % name.length, letter = name[at];
    if (!/[a-yA-Y]/.test(letter)) continue;
    const changed = name.slice(0, at) + String.fromCharCode(letter.charCodeAt(0) + 1) + name.slice(at + 1);
    if (!known.includes(changed)) return changed;
  }
  throw new Error(`no letter of ${name} can be changed`);
}
