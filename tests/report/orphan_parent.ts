/** Runs the notebook of its first argument, for the test that kills this process meanwhile. */
import { runNotebook } from "../../lib/report/run_notebook.ts";

await runNotebook(Deno.args[0], Deno.args[1]);
