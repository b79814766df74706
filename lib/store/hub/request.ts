/**
 * One request to the hub: with the user's token to the hub itself and never to where it points, tried again when the hub
 * is busy or fails, after the time that it asks for.
 */
import { checkStop } from "../../progress.ts";
import { HubReason, reasonOf } from "./fault.ts";
import { hubToken } from "./token.ts";

/** What tests replace. */
export interface HubNetwork {
  /** Waits so many ms. Default: the clock, where a stop ends it. */
  wait?: (ms: number) => Promise<void>;
  /** Clock in ms since 1970, for answers that name a time. */
  now?: () => number;
  /** Told before a wait that a user would notice. */
  onWait?: (reason: string, ms: number) => void;
  /** A server that sends nothing for so long is taken as gone, ms. Default 60 s. */
  idleMs?: number;
}

const TRIES = 5;
const FIRST_WAIT_MS = 500;
/** Nobody waits longer for a file: then it is said how long the hub wants. */
const LONGEST_WAIT_MS = 10 * 60_000;
const MOST_REDIRECTS = 10;
const IDLE_MS = 60_000;

/** The hub's address: of a mirror where HF_ENDPOINT names one. */
export function hubUrl(): string {
  return mirror() ?? "https://huggingface.co";
}

export function hubName(): string {
  return mirror() ?? "the Hugging Face hub";
}

/** @throws {RangeError} If HF_ENDPOINT is no address. */
function mirror(): string | undefined {
  const given = Deno.env.get("HF_ENDPOINT")?.trim().replace(/\/+$/, "");
  if (!given || (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol))) return given || undefined;
  throw new RangeError(`HF_ENDPOINT must be the address of a hub (https://...), got ${JSON.stringify(given)}`);
}

/**
 * The answer of the hub, or of the place that it points to.
 *
 * @throws {HubReason} If it refuses, or fails every time.
 */
export async function hubRequest(
  url: string,
  headers: Record<string, string> = {},
  network: HubNetwork = {},
): Promise<Response> {
  const token = await hubToken();
  for (let tried = 1;; tried++) {
    checkStop();
    let reason: HubReason, waitMs: number | null = null;
    try {
      const response = await followed(url, headers, token, network);
      if (response.ok) return response;
      reason = reasonOf(response, token !== undefined);
      waitMs = askedWait(response.headers, network.now ?? Date.now);
      await response.body?.cancel();
      if (reason.fault !== "busy" && reason.fault !== "server") throw reason;
    } catch (error) {
      if (error instanceof HubReason) throw error;
      reason = new HubReason("network", withoutAddress(error));
    }
    waitMs ??= growingWait(tried);
    if (waitMs > LONGEST_WAIT_MS) {
      throw new HubReason(reason.fault, `${reason.message}, and it asks to wait ${Math.ceil(waitMs / 60_000)} minutes`);
    }
    if (tried === TRIES) throw new HubReason(reason.fault, `${reason.message}, ${TRIES} times`);
    network.onWait?.(reason.message, waitMs);
    await waitFor(waitMs, network);
  }
}

/** Follow redirects by hand: only so is it certain that the token stays with the hub. */
async function followed(
  url: string,
  headers: Record<string, string>,
  token: string | undefined,
  network: HubNetwork,
): Promise<Response> {
  const home = new URL(hubUrl()).origin;
  let address = new URL(url), own = headers;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const sent = token !== undefined && address.origin === home ? { ...own, authorization: `Bearer ${token}` } : own;
    const response = await answered(address, { headers: sent, redirect: "manual" }, network.idleMs ?? IDLE_MS);
    const location = response.headers.get("Location");
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, address);
    if (address.protocol === "https:" && next.protocol !== "https:") {
      throw new HubReason("network", `it points from https to ${next.protocol}//${next.host}`);
    }
    if (next.origin !== address.origin) {
      own = Object.fromEntries(Object.entries(own).filter(([name]) => !/^(authorization|cookie)$/i.test(name)));
    }
    address = next;
  }
  throw new HubReason("network", `it points on and on, ${MOST_REDIRECTS} times`);
}

/** A server that takes the request and says nothing is taken as gone. */
async function answered(address: URL, init: RequestInit, idleMs: number): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${idleMs} ms`)), idleMs);
  try {
    return await fetch(address, { ...init, signal: controller.signal });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The pieces of an answer as they come.
 *
 * @throws {Error} If it breaks off, or nothing comes for too long.
 */
export async function* piecesOf(response: Response, { idleMs = IDLE_MS }: HubNetwork): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { promise: silence, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error(`nothing came for ${idleMs} ms`)), idleMs);
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // it broke off already
  }
}

/** What a busy hub asks for: `Retry-After` in seconds or as a date, or the `t` of `RateLimit`. */
function askedWait(headers: Headers, now: () => number): number | null {
  const asked = headers.get("Retry-After")?.trim();
  if (asked && /^\d+$/.test(asked)) return 1000 * Number(asked);
  const at = asked ? Date.parse(asked) : NaN;
  if (!Number.isNaN(at)) return Math.max(0, at - now());
  const seconds = /(?:^|[;,\s])t=(\d+)/.exec(headers.get("RateLimit") ?? "")?.[1];
  return seconds === undefined ? null : 1000 * Number(seconds);
}

/** Longer each time, ms. */
export function growingWait(tried: number): number {
  return FIRST_WAIT_MS * 2 ** (tried - 1);
}

/** In short pieces, so that a stop is not waited for. */
export async function waitFor(ms: number, { wait }: HubNetwork): Promise<void> {
  if (wait) return await wait(ms);
  for (let left = ms; left > 0; left -= 200) {
    checkStop();
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 200)));
  }
}

/** Addresses that the hub points to are signed, and are nobody else's business. */
function withoutAddress(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/https?:\/\/[^\s()]+/g, (url) => URL.canParse(url) ? new URL(url).origin : "an address");
}
