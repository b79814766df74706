/** A hub on this machine, with the addresses and answers of the real one, as far as datasets and models need them. */
import { createHash } from "node:crypto";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const PAGE = 3;

export interface HubServer extends AsyncDisposable {
  url: string;
  /** Paths that were asked for, in order. */
  asked: string[];
  /** The token of each of these requests, null where it had none; and of those to another machine's storage. */
  tokens: (string | null)[];
  storageTokens: (string | null)[];
  /** `Range` of each request for a file's content. */
  ranges: (string | null)[];
}

type Files = Record<string, Uint8Array | string>;

export interface HubServerOptions {
  /** Models, `owner/name` -> path -> content. */
  models?: Record<string, Files>;
  /** Changes what is sent of a file, after its hash was announced. */
  spoil?: (path: string, bytes: Uint8Array) => Uint8Array;
  /** Answers in the hub's place; `nth` counts the requests for this path from 0. */
  answer?: (asked: string, request: Request, nth: number) => Response | undefined | Promise<Response | undefined>;
  /** Large files lie on another machine, which the hub points to. */
  elsewhere?: boolean;
  /** Changes the list of files. */
  list?: (entry: Record<string, unknown>) => Record<string, unknown>;
}

/** Serve these datasets, and models, until disposed; HF_ENDPOINT, the cache and the token's file point to nothing else. */
export async function hubServer(
  datasets: Record<string, Files>,
  { models = {}, spoil = (_path, bytes) => bytes, answer, elsewhere, list = (e) => e }: HubServerOptions = {},
): Promise<HubServer> {
  const asked: string[] = [], tokens: (string | null)[] = [], ranges: (string | null)[] = [];
  const storageTokens: (string | null)[] = [];
  const bytesOf = (file: Uint8Array | string) => typeof file === "string" ? new TextEncoder().encode(file) : file;
  const repos = new Map(
    [...named("datasets", datasets), ...named("models", models)].map(([name, files]) => [
      name,
      new Map(Object.entries(files).map(([path, file]) => [path, bytesOf(file)])),
    ]),
  );
  const storage = elsewhere
    ? Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      storageTokens.push(request.headers.get("authorization"));
      return contentOf(request, decodeURIComponent(new URL(request.url).pathname));
    })
    : null;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname: address, searchParams, origin } = new URL(request.url);
    asked.push(address);
    tokens.push(request.headers.get("authorization"));
    const own = await answer?.(address, request, asked.filter((path) => path === address).length - 1);
    if (own) return own;
    const stored = address.startsWith("/storage/"); // large files lie elsewhere, the hub only points to them
    const place = placeOf(decodeURIComponent(address.replace(/^\/storage/, "")));
    const files = place && repos.get(place.repo);
    if (!files) return Response.json({ error: "Repository not found" }, { status: 404 });
    if (!["main", COMMIT].includes(place.revision)) {
      return Response.json({ error: "Invalid rev id" }, {
        status: 404,
        headers: { "X-Error-Code": "RevisionNotFound" },
      });
    }
    if (place.api && place.what === "revision") {
      return Response.json({
        ...{ _id: "1", id: place.repo, sha: COMMIT, private: false, gated: false, downloads: 0, likes: 0 },
        tags: ["text-generation", "license:apache-2.0"],
      });
    }
    if (place.api && place.what === "tree") {
      const start = Number(searchParams.get("cursor") ?? 0), all = [...files];
      const next = start + PAGE < all.length
        ? { Link: `<${origin}${address}?recursive=true&cursor=${start + PAGE}>; rel="next"` }
        : undefined;
      return Response.json(all.slice(start, start + PAGE).map(([path, bytes]) => list(entry(path, bytes))), {
        headers: next,
      });
    }
    if (isLarge(place.path) && !stored) {
      const at = storage ? `http://127.0.0.1:${storage.addr.port}` : `${origin}/storage`;
      return Response.redirect(`${at}${address}`, 302);
    }
    return contentOf(request, decodeURIComponent(address.replace(/^\/storage/, "")));
  });

  function contentOf(request: Request, address: string): Response {
    const place = placeOf(address)!, content = repos.get(place.repo)!.get(place.path);
    if (!content) return new Response("", { status: 404, headers: { "X-Error-Code": "EntryNotFound" } });
    ranges.push(request.headers.get("Range"));
    const bytes = spoil(place.path, content);
    const [, from = "0", to = ""] = /bytes=(\d+)-(\d*)/.exec(request.headers.get("Range") ?? "") ?? [];
    const part = bytes.slice(Number(from), to === "" ? undefined : Number(to) + 1);
    return new Response(part, {
      status: request.headers.has("Range") ? 206 : 200,
      headers: {
        "ETag": `"${hash("sha1", content)}"`,
        "Content-Range": `bytes ${from}-${Number(from) + part.length - 1}/${content.length}`,
      },
    });
  }

  const url = `http://127.0.0.1:${server.addr.port}`;
  const cache = await Deno.makeTempDir({ prefix: "archbench-hub-" });
  const restore = setEnv({
    ...{ HF_ENDPOINT: url, ARCHBENCH_CACHE: cache, HF_HUB_OFFLINE: "", HF_TOKEN: "", HUGGING_FACE_HUB_TOKEN: "" },
    ...{ HF_HOME: cache, HF_TOKEN_PATH: "", HF_HUB_DISABLE_IMPLICIT_TOKEN: "", ARCHBENCH_HUB_MAX_GB: "" },
  });
  return {
    url,
    asked,
    tokens,
    storageTokens,
    ranges,
    async [Symbol.asyncDispose]() {
      restore();
      await server.shutdown();
      await storage?.shutdown();
      await Deno.remove(cache, { recursive: true });
    },
  };
}

function named(kind: string, repositories: Record<string, Files>): [string, Files][] {
  return Object.entries(repositories).map(([name, files]) => [`${kind}/${name}`, files]);
}

/** `/api/models/owner/name/tree/main`, `/datasets/owner/name/resolve/main/path`, `/owner/name/resolve/main/path`. */
function placeOf(address: string) {
  const [, api, kind, repo, what, revision, path] =
    /^\/(api\/)?(?:(datasets|models)\/)?([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+)\/?(.*)$/s.exec(address) ?? [];
  return repo === undefined ? null : { api, repo: `${kind ?? "models"}/${repo}`, what, revision, path };
}

/** Set environment variables; the function that is given back restores what was there. */
export function setEnv(values: Record<string, string>): () => void {
  const before = Object.keys(values).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(values)) Deno.env.set(name, value);
  return () =>
    before.forEach(([name, value]) => value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value));
}

function isLarge(path: string): boolean {
  return /\.(parquet|arrow|safetensors|gguf|onnx|onnx_data|bin)$/.test(path);
}

/** Large files are kept apart from git and have a SHA-256, small ones git's own hash. */
function entry(path: string, bytes: Uint8Array): Record<string, unknown> {
  const base = { type: "file", path, size: bytes.length };
  if (!isLarge(path)) return { ...base, oid: hash("sha1", bytes) };
  return { ...base, oid: "0".repeat(40), lfs: { oid: hash("sha256", bytes), size: bytes.length, pointerSize: 130 } };
}

export function hash(algorithm: "sha1" | "sha256", bytes: Uint8Array): string {
  const hash = createHash(algorithm);
  if (algorithm === "sha1") hash.update(`blob ${bytes.length}\0`);
  return hash.update(bytes).digest("hex");
}
