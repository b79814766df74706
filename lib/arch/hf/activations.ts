/** Names of activations in config.json (transformers' ACT2FN) -> the kinds of MLP that compute exactly these. */

/** The tanh form of GELU under all its names. */
const TANH_GELU = ["gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate"] as const;

/** Of plain MLPs: transformers' "gelu" is the exact one. */
export const PLAIN_ACTIVATIONS = {
  gelu: "gelu_erf",
  gelu_python: "gelu_erf",
  ...named(TANH_GELU, "gelu"),
  relu: "relu",
  relu2: "relu2",
} as const;

/** Of experts, and of blocks that have SiLU inside. */
export const SILU = named(["silu", "swish"], "swiglu");

/** Of gated MLPs. */
export const GATES = { ...SILU, ...named(TANH_GELU, "geglu") };

function named<Name extends string, Kind extends string>(names: readonly Name[], kind: Kind): Record<Name, Kind> {
  return Object.fromEntries(names.map((name) => [name, kind])) as Record<Name, Kind>;
}
