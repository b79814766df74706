/** Opens pages for tests, and notes what they ask for and complain about. */
import type { Browser, Page } from "playwright-core";

export { launchBrowser } from "../../lib/report/browser.ts";

export interface Visit {
  page: Page;
  /** URLs that the page asked for, other than itself. */
  requests: string[];
  /** Console errors and uncaught exceptions. */
  errors: string[];
}

/** Open a page at a given width in px. */
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
