/** Loading CPython in WebAssembly, alike in every process that does. */

/** Modules that are in the snapshot: to import one of them takes no time, another one is compiled first. */
export const PRELOADED = [
  ...["abc", "array", "ast", "asyncio", "bisect", "calendar", "cmath", "collections", "contextlib", "copy"],
  ...["dataclasses", "datetime", "decimal", "doctest", "enum", "fractions", "functools", "hashlib", "heapq", "inspect"],
  ...["io", "itertools", "json", "logging", "math", "numbers", "operator", "os", "pdb", "pprint", "queue", "random"],
  ...["re", "secrets", "statistics", "string", "struct", "sys", "textwrap", "threading", "time", "timeit", "traceback"],
  ...["typing", "unittest", "uuid", "warnings", "zlib"],
];

/** What this project uses of a loaded interpreter. */
export interface Interpreter {
  runPython(code: string): unknown;
  makeMemorySnapshot(): Uint8Array;
  FS: { unlink(path: string): void };
}

/** @param folder Of the pyodide package. */
export async function loadInterpreter(
  folder: string,
  how: { _makeSnapshot: true } | { _loadSnapshot: Uint8Array },
): Promise<Interpreter> {
  const { loadPyodide } = await import(`file://${folder}/pyodide.mjs`);
  const ignore = () => {};
  return await loadPyodide({
    indexURL: folder,
    jsglobals: Object.create(null),
    env: { PYTHONHASHSEED: "0", HOME: "/" },
    stdin: () => null,
    stdout: ignore,
    stderr: ignore,
    ...how,
  });
}
