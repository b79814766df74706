/** A process with a sandbox whose program never ends, for the test that kills this process. Argument: the language. */
import { openSandbox } from "../../../lib/eval/sandbox/sandbox.ts";

const language = Deno.args[0] as "python" | "typescript";
const sandbox = await openSandbox(language, { timeoutS: 600 });
const loop = sandbox.run({ language, code: language === "python" ? "while True: pass" : "for (;;);" });
setTimeout(() => console.log("looping"), 500);
await loop;
