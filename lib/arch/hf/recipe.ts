/** How our parameters are made of a file's tensors, said before any is read, so that files can be checked first. */
import { transpose } from "../packer.ts";

/** Reads a tensor's numbers, in row-major order. */
export type ReadTensor = (name: string) => Promise<Float32Array>;

/** A matrix [rows][cols] made of tensors; rows are outputs. A vector has one column. */
export interface Recipe {
  rows: number;
  cols: number;
  /** Name and shape of each tensor that it needs. */
  tensors: Map<string, number[]>;
  make(read: ReadTensor): Promise<Float32Array>;
}

/** A tensor as it is: [rows, ...] become rows, the other axes columns. */
export function tensor(name: string, ...shape: number[]): Recipe {
  const [rows, ...others] = shape;
  return {
    rows,
    cols: others.reduce((a, b) => a * b, 1),
    tensors: new Map([[name, shape]]),
    make: (read) => read(name),
  };
}

/** The transpose, for matrices that are stored [inputs, outputs]. */
export function transposed({ rows, cols, tensors, make }: Recipe): Recipe {
  return {
    rows: cols,
    cols: rows,
    tensors,
    make: async (read) => transpose(await make(read), rows, cols),
  };
}

/** Some of the rows, in the order given. */
export function pickRows({ cols, tensors, make }: Recipe, indexes: number[]): Recipe {
  return {
    rows: indexes.length,
    cols,
    tensors,
    async make(read) {
      const values = await make(read), out = new Float32Array(indexes.length * cols);
      indexes.forEach((row, i) => out.set(values.subarray(row * cols, (row + 1) * cols), i * cols));
      return out;
    },
  };
}

/** `count` rows from `first` on: a part of matrices that are stored as one. */
export function sliceRows(recipe: Recipe, first: number, count: number): Recipe {
  return pickRows(recipe, Array.from({ length: count }, (_, i) => first + i));
}

/** Rows below one another, e.g. of all experts. */
export function stackRows(recipes: Recipe[]): Recipe {
  const { cols } = recipes[0];
  return {
    rows: recipes.reduce((sum, { rows }) => sum + rows, 0),
    cols,
    tensors: new Map(recipes.flatMap(({ tensors }) => [...tensors])),
    async make(read) {
      const out = new Float32Array(this.rows * cols);
      let at = 0;
      for (const recipe of recipes) {
        const values = await recipe.make(read);
        out.set(values, at);
        at += values.length;
      }
      return out;
    },
  };
}

/** Every number changed. */
export function mapped(recipe: Recipe, change: (value: number) => number): Recipe {
  return { ...recipe, make: async (read) => (await recipe.make(read)).map(change) };
}

/** 1 + w: the weights of norms that are stored as what they differ from 1. */
export function onePlus(recipe: Recipe): Recipe {
  return mapped(recipe, (value) => 1 + value);
}
