/** A hub on this machine, with the addresses and answers of the real one, as far as datasets need them. */
import { createHash } from "node:crypto";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const PAGE = 3;

export interface HubServer extends AsyncDisposable {
  url: string;
  /** Paths that were asked for, in order. */
  asked: string[];
}

/**
 * Serve these repositories, `owner/name` -> path -> content, until disposed; HF_ENDPOINT and the cache point to it.
 *
 * @param spoil Changes what is sent of a file, after its hash was announced.
 */
export async function hubServer(
  repositories: Record<string, Record<string, Uint8Array | string>>,
  { spoil = (_path: string, bytes: Uint8Array) => bytes } = {},
): Promise<HubServer> {
  const asked: string[] = [];
  const repos = new Map(
    Object.entries(repositories).map(([repo, files]) => [
      repo,
      new Map(
        Object.entries(files).map((
          [path, file],
        ) => [path, typeof file === "string" ? new TextEncoder().encode(file) : file]),
      ),
    ]),
  );
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname: address, searchParams, origin } = new URL(request.url);
    const stored = address.startsWith("/storage/"); // large files lie elsewhere, the hub only points to them
    const pathname = address.replace(/^\/storage/, "");
    asked.push(address);
    const [, api, kind, repo, revision, path] =
      /^\/(api\/)?datasets\/([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+)\/?(.*)$/.exec(pathname)
        ?.map((part, i, all) => i === 2 ? all[3] : i === 3 ? all[2] : part) ?? [];
    const files = repos.get(repo);
    if (!files || !["main", COMMIT].includes(revision)) {
      return Response.json({ error: "Repository not found" }, { status: 404 });
    }
    if (api && kind === "revision") {
      return Response.json({ _id: "1", id: repo, sha: COMMIT, private: false, gated: false, downloads: 0, likes: 0 });
    }
    if (api && kind === "tree") {
      const start = Number(searchParams.get("cursor") ?? 0), all = [...files];
      const next = start + PAGE < all.length
        ? { Link: `<${origin}${pathname}?recursive=true&cursor=${start + PAGE}>; rel="next"` }
        : undefined;
      return Response.json(all.slice(start, start + PAGE).map(([path, bytes]) => entry(path, bytes)), {
        headers: next,
      });
    }
    const content = files.get(path);
    if (!content) return new Response("", { status: 404, headers: { "X-Error-Code": "EntryNotFound" } });
    if (isLarge(path) && !stored) return Response.redirect(`${origin}/storage${pathname}`, 302);
    const bytes = spoil(path, content);
    const [, from = "0", to = ""] = /bytes=(\d+)-(\d*)/.exec(request.headers.get("Range") ?? "") ?? [];
    const part = bytes.slice(Number(from), to === "" ? undefined : Number(to) + 1);
    return new Response(part, {
      status: request.headers.has("Range") ? 206 : 200,
      headers: {
        "ETag": `"${hash("sha1", content)}"`,
        "Content-Range": `bytes ${from}-${Number(from) + part.length - 1}/${content.length}`,
      },
    });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const cache = await Deno.makeTempDir({ prefix: "archbench-hub-" });
  const restore = setEnv({ HF_ENDPOINT: url, ARCHBENCH_CACHE: cache, HF_HUB_OFFLINE: "", HF_TOKEN: "" });
  return {
    url,
    asked,
    async [Symbol.asyncDispose]() {
      restore();
      await server.shutdown();
      await Deno.remove(cache, { recursive: true });
    },
  };
}

/** Set environment variables; the function that is given back restores what was there. */
export function setEnv(values: Record<string, string>): () => void {
  const before = Object.keys(values).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(values)) Deno.env.set(name, value);
  return () =>
    before.forEach(([name, value]) => value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value));
}

function isLarge(path: string): boolean {
  return /\.(parquet|arrow)$/.test(path);
}

/** Large files are kept apart from git and have a SHA-256, small ones git's own hash. */
function entry(path: string, bytes: Uint8Array) {
  const base = { type: "file", path, size: bytes.length };
  if (!isLarge(path)) return { ...base, oid: hash("sha1", bytes) };
  return { ...base, oid: "0".repeat(40), lfs: { oid: hash("sha256", bytes), size: bytes.length, pointerSize: 130 } };
}

function hash(algorithm: "sha1" | "sha256", bytes: Uint8Array): string {
  const hash = createHash(algorithm);
  if (algorithm === "sha1") hash.update(`blob ${bytes.length}\0`);
  return hash.update(bytes).digest("hex");
}
