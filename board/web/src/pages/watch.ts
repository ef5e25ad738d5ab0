// All assets with their live consensus price.
import { type Asset, type Items, type Price, get } from "../api";
import { fill, h, notice, spark, table, title } from "../dom";
import { ago, change, changeClass, code, price, time } from "../format";
import { onAgain, onPrices } from "../live";

interface Row { asset: Asset; element: HTMLElement; price: HTMLElement; change: HTMLElement; agree: HTMLElement; age: HTMLElement; line: HTMLElement }
const NAMES: Record<string, string> = { equity: "Stocks", crypto: "Crypto", fx: "Currencies" };

function agreeing(asset: Price): string {
  return asset.sources ? `${asset.sources.filter((s) => s.weight > 0).length} of ${asset.sources.length}` : asset.price ? String(asset.source_count) : "–";
}

function draw(row: Row): void {
  const { asset } = row;
  fill(row.price, price(asset.price), " ", h("span", { class: "unit" }, asset.currency ?? ""));
  row.change.className = changeClass(asset.change_pct);
  fill(row.change, change(asset.change_pct));
  row.change.title = asset.change_since ? `since ${time(asset.change_since)}` : "";
  fill(row.agree, agreeing(asset));
  fill(row.age, ago(asset.as_of));
  fill(row.line, spark(asset.spark) as unknown as HTMLElement);
}

function makeRow(asset: Asset): Row {
  const cell = (name: string) => h("td", { class: name });
  const row: Row = { asset, element: h("tr", { "data-asset": asset.asset }), price: cell("num price"), change: cell("num"), agree: cell("num"), age: cell("num wide"), line: cell("line-cell") };
  row.element.append(
    h("th", { scope: "row" }, h("a", { href: `/asset/${encodeURIComponent(asset.asset)}` }, code(asset.asset)), " ", h("span", { class: "sector" }, asset.sector)),
    row.price, row.change, row.line, row.agree, row.age);
  draw(row);
  return row;
}

function take(row: Row, fresh: Price): void {
  const { asset } = row, before = asset.price;
  Object.assign(asset, fresh);
  if (asset.price_before) asset.change_pct = (fresh.price / asset.price_before - 1) * 100;
  asset.spark = [...(asset.spark ?? []).slice(-40), fresh.price];
  draw(row);
  if (before === fresh.price || before == null) return;
  row.price.classList.remove("rose", "fell");
  void row.price.offsetWidth;
  row.price.classList.add(fresh.price > before ? "rose" : "fell");
}

export async function showWatch(view: HTMLElement, signal: AbortSignal): Promise<void> {
  const rows = new Map<string, Row>();
  onPrices((items) => items.forEach((item) => { const row = rows.get(item.asset); if (row) take(row, item); }), signal);
  async function load(): Promise<void> {
    const { items } = await get<Items<Asset>>("/api/assets", signal);
    rows.clear();
    items.forEach((asset) => rows.set(asset.asset, makeRow(asset)));
    const priced = items.filter((asset) => asset.price != null).length;
    const parts = [title("Watch list", `${priced} of ${items.length} assets have a consensus price. Change over 24 hours, or since the first price.`)];
    if (!priced) parts.push(notice("No prices yet", "Is ingest running? `quotebus status` shows each stage; the page Pipeline shows the same."));
    for (const kind of [...new Set(items.map((asset) => asset.class))]) {
      const mine = items.filter((asset) => asset.class === kind);
      parts.push(h("h2", {}, NAMES[kind] ?? kind), table(NAMES[kind] ?? kind,
        ["Asset", ["Consensus", "num"], ["Change", "num"], ["Course", "line-cell"], ["Agree", "num"], ["Age", "num wide"]], mine.map((asset) => rows.get(asset.asset)!.element), "assets"));
    }
    fill(view, ...parts);
  }
  onAgain(() => void load(), signal);
  const timer = setInterval(() => rows.forEach((row) => fill(row.age, ago(row.asset.as_of))), 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  await load();
}
