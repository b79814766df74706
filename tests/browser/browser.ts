/** A browser from npm, so that nothing needs root or a distribution's packages. */
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright, type Page } from "playwright-core";

/** On Linux x64 the packaged Chromium, elsewhere an installed Chrome. */
export async function launchBrowser(): Promise<Browser> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return await playwright.launch({ channel: "chrome" });
  return await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"],
  });
}

export interface Visit {
  page: Page;
  /** URLs that the page asked for, other than itself. */
  requests: string[];
  /** Console errors and uncaught exceptions. */
  errors: string[];
}

/** Open a page of a given width, and note what it asks for and complains about. */
export async function visit(browser: Browser, url: string, width: number, height = 900): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width, height } });
  const requests: string[] = [];
  const errors: string[] = [];
  page.on("request", (r) => {
    if (r.url() !== url && !/^(data|blob):/.test(r.url())) requests.push(r.url());
  });
  page.on("console", (m) => {
    if (m.type() === "error") errors.push(m.text());
  });
  page.on("pageerror", (e) => errors.push(String(e)));
  await page.goto(url, { waitUntil: "load" });
  return { page, requests, errors };
}
