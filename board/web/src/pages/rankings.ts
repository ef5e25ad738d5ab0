// Lists of the sources: trending, largest.
import { type Items, get } from "../api";
import { fill, h, notice, table, title } from "../dom";
import { ago, change, changeClass, large, price } from "../format";

interface Entry { rank: number; symbol: string; name: string | null; asset: string | null; price: number | null; market_cap: number | null; change_24h_pct: number | null }
interface List { list: string; source: string; fetched_at: string; currency: string; entries: Entry[] | null }

function row(e: Entry): HTMLElement {
  const name = e.name ?? e.symbol;
  return h("tr", {}, h("td", { class: "num" }, e.rank), h("th", { scope: "row" }, e.asset ? h("a", { href: `/asset/${encodeURIComponent(e.asset)}` }, name) : name, " ", h("span", { class: "sector" }, e.symbol)),
    h("td", { class: "num" }, price(e.price)), h("td", { class: changeClass(e.change_24h_pct) }, change(e.change_24h_pct)), h("td", { class: "num" }, large(e.market_cap)));
}

export async function showRankings(view: HTMLElement, signal: AbortSignal): Promise<void> {
  const { items } = await get<Items<List>>("/api/rankings", signal);
  const parts = items.flatMap((l) => [h("h2", {}, l.list.replaceAll("_", " "), " ", h("span", { class: "sector" }, `${l.source}, ${ago(l.fetched_at)} ago`)),
    table(`${l.list} by ${l.source}`, [["Rank", "num"], "Name", [`Price, ${l.currency}`, "num"], ["24 h", "num"], ["Market cap", "num"]], (l.entries ?? []).map(row))]);
  fill(view, title("Rankings", "Lists as the sources publish them."),
    ...(parts.length ? parts : [notice("No lists yet", "A job of ingest with a ranking endpoint fills this page: see jobs in config/quotebus.yaml.")]));
}
