// Measures pages with Lighthouse, in one Chromium. Standard input is `{browser, flags, pages}` with pages
// `[{url, cookies, device}]`; standard output is a list of `{scores, failed}`.

import { readFileSync } from "node:fs";
import lighthouse, { desktopConfig } from "lighthouse";
import puppeteer from "puppeteer-core";

const CATEGORIES = ["accessibility", "best-practices", "seo", "performance"];
// The pages load from this machine: half a second without requests or tasks means that they have.
const SETTINGS = {
  onlyCategories: CATEGORIES,
  disableFullPageScreenshot: true,
  disableStorageReset: true,
  networkQuietThresholdMs: 500,
  cpuQuietThresholdMs: 500,
  pauseAfterFcpMs: 250,
  pauseAfterLoadMs: 250,
  maxWaitForLoad: 20_000,
};

/**
 * @param {puppeteer.Browser} browser
 * @param {{url: string, cookies: puppeteer.CookieData[], device: string}} page
 */
async function measure(browser, { url, cookies, device }) {
  const context = await browser.createBrowserContext();
  await context.setCookie(...cookies);
  const tab = await context.newPage();
  const result = await lighthouse(url, SETTINGS, device === "desk" ? desktopConfig : undefined, tab);
  await context.close();
  if (!result) throw new Error(`no result for ${url}`);
  const { categories, audits } = result.lhr;
  const scores = CATEGORIES.map((name) => [name, Math.round((categories[name].score ?? 0) * 100)]);
  const failed = CATEGORIES.flatMap((name) =>
    categories[name].auditRefs
      .filter(({ id, weight }) => weight > 0 && (audits[id].score ?? 1) < 1)
      .map(({ id }) => ({ category: name, ...pick(audits[id]) })),
  );
  return { scores: Object.fromEntries(scores), failed };
}

/** @param {any} audit */
function pick({ id, title, score, displayValue, details }) {
  return { id, title, score, displayValue, items: details?.items?.slice(0, 5) };
}

const task = JSON.parse(readFileSync(0, "utf8"));
const browser = await puppeteer.launch({ executablePath: task.browser, args: task.flags });
const results = [];
for (const page of task.pages) results.push(await measure(browser, page));
await browser.close();
console.log(JSON.stringify(results));
