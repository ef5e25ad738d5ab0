// How the providers behave: health, quota over the day, latency.
import { type Items, get, query } from "../api";
import { fill, h, notice, table, title } from "../dom";
import { ago, number } from "../format";
import { lineChart } from "../chart";

interface Provider {
  provider: string; at: string; state: string; http_status: number | null; quota_used: number; quota_limit: number | null; message: string;
  calls: number; good_calls: number; quotes: number; latency_p50_ms: number | null; latency_p95_ms: number | null; last_good_at: string | null;
}
interface Step { at: string; quota_used: number; quota_limit: number | null; latency_ms: number | null; failures: number }

function row(p: Provider, open: (name: string) => void): HTMLElement {
  const share = p.quota_limit ? p.quota_used / p.quota_limit : null;
  return h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button", class: "plain", click: () => open(p.provider) }, p.provider)),
    h("td", {}, h("span", { class: `verdict ${p.state === "ok" ? "pass" : "suspect"}` }, p.state === "ok" ? "✓ ok" : `! ${p.state}`)),
    h("td", { class: "num" }, p.quota_limit ? `${number(p.quota_used)} / ${number(p.quota_limit)}` : `${number(p.quota_used)}, no limit`,
      share !== null && h("meter", { min: 0, max: 1, high: 0.8, optimum: 0, value: share, "aria-label": `${p.provider} quota used` })),
    h("td", { class: "num" }, p.calls ? `${((p.good_calls / p.calls) * 100).toFixed(1)} %` : "–"),
    h("td", { class: "num" }, `${number(p.latency_p50_ms)} / ${number(p.latency_p95_ms)} ms`),
    h("td", { class: "num" }, ago(p.last_good_at)), h("td", { class: "quiet" }, p.message || "–"));
}

export async function showProviders(view: HTMLElement, signal: AbortSignal): Promise<void> {
  const history = h("section", { "aria-live": "polite" });
  async function open(name: string): Promise<void> {
    const { items } = await get<Items<Step>>(query(`/api/providers/${encodeURIComponent(name)}/history`, {}), signal);
    const quota = h("div", { class: "chart" }), latency = h("div", { class: "chart" });
    fill(history, h("h2", {}, `${name} over the day`), h("h3", {}, "Calls in the reset period, and the limit"), quota, h("h3", {}, "Latency, ms"), latency);
    const at = items.map((s) => Date.parse(s.at) / 1000);
    lineChart(quota, [at, items.map((s) => s.quota_used), items.map((s) => s.quota_limit)], ["used", "limit"], signal);
    lineChart(latency, [at, items.map((s) => s.latency_ms)], ["median"], signal);
  }
  async function load(): Promise<void> {
    const { items } = await get<Items<Provider>>("/api/providers", signal);
    const heads: (string | [string, string])[] = ["Provider", "State", ["Quota", "num"], ["Good calls", "num"], ["Latency p50 / p95", "num"], ["Last good", "num"], "Says"];
    fill(view, title("Providers", "Their last word, and the calls of 24 hours. Choose one for its day."),
      items.length ? table("Providers", heads, items.map((p) => row(p, (name) => void open(name)))) :
        notice("No calls yet", "Is ingest running? Look at the page Pipeline, or run `quotebus health`."), history);
    if (items.length && !history.firstChild) await open(items[0].provider);
  }
  const timer = setInterval(() => { if (!view.contains(document.activeElement)) load().catch(() => undefined); }, 10000);
  signal.addEventListener("abort", () => clearInterval(timer));
  await load();
}
