/**
 * A Llama decoder written out in plain loops, straight from the formulas: what the graphs must compute. Slow, and
 * shares nothing with them but the spec and the weights.
 */
import type { ArchSpec, AttentionSpec } from "../../lib/arch/spec.ts";
import type { WeightSource } from "../../lib/arch/weight_source.ts";
import { dequantise, type Matrix } from "../../lib/arch/quant_blocks.ts";

/** Logits of every position, [tokens][vocab]. */
export async function referenceLogits(spec: ArchSpec, source: WeightSource, ids: number[]): Promise<number[][]> {
  const table = await source.model("embedding");
  const { theta } = spec.position as { theta: number };
  let x = ids.map((id) => rowOf(table, id));
  for (const [i, layer] of spec.layers.entries()) {
    const w = (name: Parameters<WeightSource["layer"]>[1]) => source.layer(layer.weightsLayer ?? i, name);
    const { heads, kvHeads, headDim, window = Infinity } = layer.mixer as AttentionSpec;
    const normed = rmsNorm(x, await w("mixerNorm"), spec.norm.epsilon);
    const q = multiply(await w("q"), normed), k = multiply(await w("k"), normed), v = multiply(await w("v"), normed);
    const attended = ids.map((_, t) => {
      const out: number[] = [];
      for (let h = 0; h < heads; h++) {
        const group = Math.floor(h / (heads / kvHeads));
        const query = rotate(part(q[t], h, headDim), t, theta);
        const keys: number[] = [];
        for (let s = 0; s <= t; s++) if (t - s < window) keys.push(s);
        const scores = keys.map((s) => dot(query, rotate(part(k[s], group, headDim), s, theta)) / Math.sqrt(headDim));
        const p = softmax(scores);
        for (let d = 0; d < headDim; d++) {
          out.push(keys.reduce((sum, s, j) => sum + p[j] * v[s][group * headDim + d], 0));
        }
      }
      return out;
    });
    x = add(x, multiply(await w("o"), attended));
    const m = rmsNorm(x, await w("channelNorm"), spec.norm.epsilon);
    const gate = multiply(await w("gate"), m), up = multiply(await w("up"), m);
    const inner = gate.map((g, t) => g.map((z, j) => z / (1 + Math.exp(-z)) * up[t][j]));
    x = add(x, multiply(await w("down"), inner));
  }
  const final = rmsNorm(x, await source.model("finalNorm"), spec.norm.epsilon);
  return multiply(spec.tiedHead ? table : await source.model("head"), final);
}

function rowOf(m: Matrix, row: number): number[] {
  return [...dequantise(m).subarray(row * m.cols, (row + 1) * m.cols)];
}

function multiply(m: Matrix, xs: number[][]): number[][] {
  const w = dequantise(m);
  return xs.map((x) =>
    Array.from({ length: m.rows }, (_, r) => {
      let sum = 0;
      for (let c = 0; c < m.cols; c++) sum += w[r * m.cols + c] * x[c];
      return sum;
    })
  );
}

function rmsNorm(xs: number[][], weight: Matrix, epsilon: number): number[][] {
  const w = dequantise(weight);
  return xs.map((x) => {
    const scale = 1 / Math.sqrt(dot(x, x) / x.length + epsilon);
    return x.map((v, i) => v * scale * w[i]);
  });
}

/** Rotary positions in the half-split order: pairs are (i, i + half). */
function rotate(x: number[], position: number, theta: number): number[] {
  const half = x.length / 2;
  return x.map((v, i) => {
    const angle = position * theta ** (-(i % half) / half);
    const other = i < half ? -x[i + half] : x[i - half];
    return v * Math.cos(angle) + other * Math.sin(angle);
  });
}

function softmax(scores: number[]): number[] {
  const max = Math.max(...scores);
  const e = scores.map((s) => Math.exp(s - max));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

const part = (x: number[], head: number, size: number) => x.slice(head * size, (head + 1) * size);
const dot = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + v * b[i], 0);
const add = (a: number[][], b: number[][]) => a.map((row, t) => row.map((v, i) => v + b[t][i]));
