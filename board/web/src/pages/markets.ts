// How classes and sectors moved in the newest window.
import { type Items, get } from "../api";
import { fill, h, notice, table, title } from "../dom";
import { change, changeClass, code, large, time } from "../format";

interface Mover { asset: string; change_pct: number }
interface Market {
  class: string; sector: string; window_start: string; window_end: string; change_pct: number | null; change_cap_weighted_pct: number | null; change_24h_pct: number | null;
  volume_usd: number | null; market_cap_usd: number | null; up: number; down: number; unchanged: number; movers: Mover[] | null;
}

function row(m: Market): HTMLElement {
  const cell = (value: number | null) => h("td", { class: changeClass(value) }, change(value));
  const movers = (m.movers ?? []).slice(0, 3).flatMap((v) => [h("a", { href: `/asset/${encodeURIComponent(v.asset)}` }, code(v.asset)), ` ${change(v.change_pct)}  `]);
  return h("tr", {}, h("th", { scope: "row" }, m.sector ? `${m.class} · ${m.sector}` : `${m.class}, all`), cell(m.change_pct), cell(m.change_cap_weighted_pct), cell(m.change_24h_pct),
    h("td", { class: "num" }, `${m.up} ▲ ${m.down} ▼ ${m.unchanged} ■`), h("td", { class: "num" }, large(m.volume_usd)), h("td", { class: "num" }, large(m.market_cap_usd)), h("td", {}, ...movers));
}

export async function showMarkets(view: HTMLElement, signal: AbortSignal): Promise<void> {
  const { items } = await get<Items<Market>>("/api/markets", signal);
  if (!items.length) {
    fill(view, title("Markets"), notice("No aggregates yet", "persist computes them at the end of each window (persist.aggregate_every_s, half an hour by default)."));
    return;
  }
  fill(view, title("Markets", `The window from ${time(items[0].window_start)} to ${time(items[0].window_end)}.`),
    table("Markets", ["Market", ["Mean", "num"], ["By cap", "num"], ["24 h", "num"], ["Up, down, same", "num"], ["Volume USD", "num"], ["Market cap USD", "num"], "Movers"], items.map(row)));
}
