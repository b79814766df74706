/** What a Node peer and the runner say to each other: one JSON object a line, as in protocol.py. */
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Load the model, say so, then answer requests until stdin ends. What libraries print goes to stderr. */
export async function serve(load) {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const say = (message) => write(JSON.stringify(message) + "\n");
  let methods;
  try {
    const start = performance.now();
    const { versions, ...rest } = await load();
    methods = rest;
    say({ id: -1, result: { loadMs: performance.now() - start, versions } });
  } catch (error) {
    say({ id: -1, error: String(error) });
    process.exit(1);
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    try {
      say({ id, result: await methods[method](params) });
    } catch (error) {
      say({ id, error: String(error) });
    }
  }
  process.exit(0);
}

/** The peer's packages lie in a folder of their own, not beside this script: open one from there. */
export async function importFrom(folder, name) {
  const require = createRequire(join(folder, "package.json"));
  const root = join(folder, "node_modules", name);
  const { version } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  let entry;
  try {
    entry = require.resolve(name);
  } catch {
    const { exports } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    ); // ESM only
    const main = exports["."];
    entry = join(
      root,
      typeof main === "string" ? main : main.node?.import ?? main.import ?? main.default,
    );
  }
  return { module: await import(entry), version, folder: dirname(entry) };
}
