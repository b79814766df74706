/** Starts an interpreter from nothing, and writes its memory to standard output. Argument: the pyodide package. */
import { Gate } from "./gate.ts";
import { loadInterpreter, PRELOADED } from "./interpreter.ts";

new Gate({ memoryMib: 512, outputBytes: 0 }); // as where the snapshot is loaded: function pointers are numbered alike
const python = await loadInterpreter(Deno.args[0], { _makeSnapshot: true });
python.runPython(`import ${PRELOADED.join(", ")}`);
const memory = python.makeMemorySnapshot();
for (let at = 0; at < memory.length;) at += Deno.stdout.writeSync(memory.subarray(at));
Deno.exit(0);
