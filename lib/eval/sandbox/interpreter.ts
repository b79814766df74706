/** Loading CPython in WebAssembly, alike in every process that does. */

/** Modules that are in the snapshot: to import one of them takes no time, another one is compiled first. */
export const PRELOADED = [
  ...["abc", "array", "bisect", "calendar", "cmath", "collections", "contextlib", "copy", "dataclasses", "datetime"],
  ...["decimal", "enum", "fractions", "functools", "hashlib", "heapq", "inspect", "io", "itertools", "json", "math"],
  ...["numbers", "operator", "os", "queue", "random", "re", "secrets", "statistics", "string", "struct", "sys"],
  ...["textwrap", "threading", "time", "traceback", "typing", "unittest", "uuid", "zlib"],
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
