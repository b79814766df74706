/**
 * The process that checks TypeScript programs and turns them into JavaScript; it runs none. One request a line, one
 * answer a line. Argument: the folder of the typescript package. Started by `openTypeScript`.
 */
import { createInterface } from "node:readline";

const [folder] = Deno.args;
const holder: { exports: unknown } = { exports: {} };
// Loaded without `require`: the compiler then has no file system of its own.
new Function("module", Deno.readTextFileSync(`${folder}/lib/typescript.js`))(holder);
const ts = holder.exports as typeof import("typescript");

/** `tsc --target esnext` of one file, as MultiPL-E runs it: not `strict`, the whole library, no packages. */
const OPTIONS = { target: ts.ScriptTarget.ESNext, types: [], strict: false, skipLibCheck: true };
const FILE = "/program.ts";
const libraries = new Map<string, import("typescript").SourceFile | undefined>();

/** The first error of the compiler, or "". */
function check(code: string): string {
  const program = ts.createProgram([FILE], OPTIONS, {
    getSourceFile(name, version) {
      if (name === FILE) return ts.createSourceFile(name, code, version);
      if (!libraries.has(name)) libraries.set(name, library(name, version));
      return libraries.get(name);
    },
    writeFile() {},
    getDefaultLibFileName: (options) => `/lib/${ts.getDefaultLibFileName(options)}`,
    getCurrentDirectory: () => "/",
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    fileExists: (name) => name === FILE,
    readFile: () => undefined,
  });
  return firstError([...program.getSyntacticDiagnostics(), ...ts.getPreEmitDiagnostics(program)]);
}

function firstError([first]: readonly import("typescript").Diagnostic[]): string {
  return first ? `TS${first.code}: ${ts.flattenDiagnosticMessageText(first.messageText, " ")}` : "";
}

function library(name: string, version: Parameters<typeof ts.createSourceFile>[2]) {
  if (!/^\/lib\/lib\.[\w.]+\.d\.ts$|^\/lib\/lib\.d\.ts$/.test(name)) return undefined;
  return ts.createSourceFile(name, Deno.readTextFileSync(folder + name), version);
}

/** JavaScript of a program, or its syntax error: the compiler would guess what was meant. */
function compile(code: string): { error: string; javascript: string } {
  const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.CommonJS, strict: false };
  const { outputText, diagnostics } = ts.transpileModule(code, { compilerOptions, reportDiagnostics: true });
  return { error: firstError(diagnostics ?? []), javascript: outputText };
}

check("let warm: number = 1;");
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const { nonce, code, mode } = JSON.parse(line);
  const error = mode === "strict" ? check(code) : "";
  console.log(JSON.stringify({ nonce, ...(error ? { error, javascript: "" } : compile(code)) }));
}
