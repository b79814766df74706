/** Rules of objects: their fields, in a table that is tied to their type, and no others. */
import { type Check, isPlain, placed, shown } from "./check.ts";
import { type AnyRule, oneOf, type Rule, type Shape, shaped } from "./rules.ts";

/** A field that may be left out: it is checked where it is not undefined. */
export interface Optional<V> {
  optional: Rule<V>;
}
/** A rule for every field of T. One that is forgotten, one that T lacks and one for another type are type errors. */
export type Fields<T> = {
  [K in keyof T]-?: undefined extends T[K] ? Optional<Exclude<T[K], undefined>> : Rule<T[K]>;
};
/** The rule of an object, with its table, so that another may have the same fields. */
export interface ObjectRule<T> extends Rule<T> {
  readonly fields: Fields<T>;
  readonly shape: Shape;
}

export const optional = <V>(rule: Rule<V>): Optional<V> => ({ optional: rule });

/**
 * An object with these fields and no others. What is there is checked before what is missing, so that a misspelt name is
 * said first.
 */
export function object<T>(fields: Fields<T>): ObjectRule<T> {
  const shape: Shape = { kind: "object", fields: fields as Extract<Shape, { kind: "object" }>["fields"] };
  const known = Object.keys(fields), names = new Set<PropertyKey>(known);
  const all = Object.entries(shape.fields).map(([name, field]) => {
    return typeof field === "function"
      ? { name, rule: field, needed: true }
      : { name, rule: field.optional, needed: false };
  });
  const rule: Rule<T> = (check, at, value) => {
    requireObject(check, at, value);
    for (const name of Reflect.ownKeys(value)) {
      if (!names.has(name)) check.unknown(at, String(name), known, placeOf(shape, name));
    }
    for (const { name, rule } of all) {
      const held = value[name];
      if (held !== undefined) rule(check, placed(at, name), held);
    }
    for (const { name, needed } of all) {
      if (needed && value[name] === undefined) check.wrong(`${placed(at, name)} is missing`);
    }
  };
  return Object.assign(rule, { fields, shape });
}

/** The fields but for some. */
export function without<T, K extends keyof T>(fields: Fields<T>, ...names: K[]): Fields<Omit<T, K>> {
  const left = Object.entries(fields).filter(([name]) => !names.includes(name as K));
  return Object.fromEntries(left) as Fields<Omit<T, K>>;
}

/** The part of a union that has a field. */
type With<U, K extends PropertyKey> = Extract<U, { [P in K]: unknown }>;

/**
 * An object of one of several forms; each is told by a field that it alone has.
 *
 * @param fix What to do with an object of two forms.
 */
export function byField<U, K extends string>(
  forms: { [P in K]: ObjectRule<With<U, P>> },
  fix = "pass one of them",
): Rule<{ [P in K]: With<U, P> }[K]> {
  const rules = forms as Record<string, ObjectRule<unknown>>, kinds = Object.keys(rules);
  const known = [...new Set(Object.values(rules).flatMap((rule) => Object.keys(rule.fields as object)))];
  type Covered = { [P in K]: With<U, P> }[K];
  const rule: Rule<Covered> = (check, at, value) => {
    requireObject(check, at, value);
    const [kind, second] = kinds.filter((name) => value[name] !== undefined);
    if (kind === undefined) {
      const stray = Reflect.ownKeys(value).find((name) => !known.includes(String(name)));
      if (stray !== undefined) check.unknown(at, String(stray), known);
      return check.wrong(`${check.named(at)} must have one of ${kinds.join(", ")}, got ${shown(value)}`);
    }
    if (second !== undefined && !Object.hasOwn(rules[kind].fields as object, second)) {
      check.wrong(`${kind} and ${second}${at && ` in ${at}`} exclude each other; ${fix}`);
    }
    rules[kind](check, at, value);
  };
  return shaped({ kind: "either", forms: Object.values(rules) as AnyRule[] }, rule);
}

/** The part of a union that a kind stands for. */
type OfKind<U, K> = U extends { kind: infer Kinds } ? K extends Kinds ? U : never : never;

/** An object whose field `kind` says which others it has. */
export function byKind<U extends { kind: string }>(
  kinds: { [K in U["kind"]]: Omit<Fields<OfKind<U, K>>, "kind"> },
): Rule<U> {
  const kind = oneOf(...Object.keys(kinds));
  const forms = Object.entries<object>(kinds).map(([name, fields]) => {
    const form = object({ kind, ...fields } as Fields<U>);
    return [name, Object.assign(form, { shape: { ...form.shape, marks: { kind: name } } })] as const;
  });
  const byName = new Map(forms);
  return shaped<U>({ kind: "either", forms: forms.map(([, form]) => form) }, (check, at, value) => {
    requireObject(check, at, value);
    kind(check, placed(at, "kind"), value.kind);
    byName.get(value.kind as string)!(check, at, value);
  });
}

/**
 * An object by names of the caller's own, `{ name: value }`: no list, and not one value without a name.
 *
 * @param what What has a name, e.g. "reference".
 * @param isOne Whether an object is such a value itself.
 */
export function names<V>(
  each: Rule<V>,
  what: string,
  isOne: (value: object) => boolean = () => false,
): Rule<Record<string, V>> {
  return shaped<Record<string, V>>({ kind: "names", each }, (check, at, value) => {
    const isNamed = typeof value === "object" && value !== null && !Array.isArray(value) && isPlain(value);
    if (!isNamed || isOne(value)) {
      const got = isNamed ? `one ${what} without a name` : shown(value);
      return check.wrong(`${check.named(at)} must be by name, { name: ${what} }, got ${got}`);
    }
    for (const [name, one] of Object.entries(value)) each(check, placed(at, name), one);
  });
}

function requireObject(check: Check, at: string, value: unknown): asserts value is Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && isPlain(value)) return;
  check.wrong(`${check.named(at)} must be an object, got ${shown(value)}`);
}

/** Where a name would be right, if it is that of a field further inside. */
function placeOf(shape: Shape, name: PropertyKey): string | undefined {
  const found = typeof name === "string" ? inside(shape, name) : undefined;
  return found && `it belongs into ${found}`;
}

function inside(shape: Shape | undefined, name: string): string | undefined {
  if (!shape) return undefined;
  if (shape.kind === "either") {
    for (const { shape: form } of shape.forms) {
      const found = inside(form, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (shape.kind !== "object") {
    const found = inside(shape.each.shape, name);
    return found === undefined ? undefined : shape.kind === "list" ? `[{ ${found} }]` : `{ name: { ${found} } }`;
  }
  if (Object.hasOwn(shape.fields, name)) return name;
  for (const [field, rule] of Object.entries(shape.fields)) {
    const found = inside((typeof rule === "function" ? rule : rule.optional).shape, name);
    if (found !== undefined) {
      return `${field}: ${found.startsWith("[") || found.startsWith("{") ? found : `{ ${found} }`}`;
    }
  }
  return undefined;
}
