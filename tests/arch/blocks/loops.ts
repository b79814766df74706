/** The arithmetic of recurrent mixers in plain loops over numbers, for references. */

/** [rows][cols]; of activations [tokens][channels]. */
export type Numbers = number[][];

/** Every token times a matrix, [out][in]. */
export function multiply(matrix: Numbers, xs: Numbers): Numbers {
  return xs.map((x) => matrix.map((row) => dot(row, x)));
}

export function dot(a: number[], b: number[]): number {
  return a.reduce((sum, v, i) => sum + v * b[i], 0);
}

/** Channel c of token t: the sum over the taps of kernel[c][tap] x[t - taps + 1 + tap][c], nothing before the start. */
export function causalConvolution(kernel: Numbers, xs: Numbers, bias?: number[]): Numbers {
  const taps = kernel[0].length;
  return xs.map((_, t) =>
    kernel.map((row, c) =>
      row.reduce((sum, w, tap) => sum + w * (xs[t - taps + 1 + tap]?.[c] ?? 0), bias ? bias[c] : 0)
    )
  );
}

export const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
export const silu = (z: number) => z * sigmoid(z);
export const softplus = (z: number) => Math.log1p(Math.exp(z));

export function rmsNorm(x: number[], weight: number[], epsilon: number): number[] {
  const scale = 1 / Math.sqrt(dot(x, x) / x.length + epsilon);
  return x.map((v, i) => v * scale * weight[i]);
}

/** Head `h` of a vector of heads. */
export function part(x: number[], h: number, size: number): number[] {
  return x.slice(h * size, (h + 1) * size);
}
