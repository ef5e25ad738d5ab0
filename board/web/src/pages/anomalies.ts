// All findings of validate, filterable; each opens its evidence.
import { type Anomaly, type Items, get, query } from "../api";
import { fill, h, notice, title } from "../dom";
import { evidence, verdict } from "../evidence";
import { time } from "../format";
import { onAnomalies } from "../live";

const FILTERS = ["asset", "source", "rule", "verdict"] as const;

function entry(item: Anomaly): HTMLElement {
  const body = h("div");
  return h("details", { class: "anomaly", toggle: (event) => { if ((event.target as HTMLDetailsElement).open && !body.firstChild) fill(body, evidence(item)); } },
    h("summary", {}, h("time", {}, time(item.fetched_at)), verdict(item.verdict), h("b", {}, item.asset), h("span", {}, `${item.rule} · ${item.source}`)), body);
}

export async function showAnomalies(view: HTMLElement, signal: AbortSignal): Promise<void> {
  const chosen: Record<string, string> = {};
  const list = h("div", { class: "list" }), more = h("button", { type: "button", hidden: true }, "Older");
  let before = "";
  const fits = (item: Anomaly) => FILTERS.every((name) => !chosen[name] || item[name] === chosen[name]);
  async function load(): Promise<void> {
    const page = await get<Items<Anomaly>>(query("/api/anomalies", { ...chosen, before, limit: "100" }), signal);
    if (!before) list.replaceChildren();
    list.append(...page.items.map(entry));
    if (!list.firstChild) list.append(notice("Nothing found", "In the last 24 hours no quote was flagged that fits these filters."));
    before = page.next_before ?? "";
    more.hidden = !before;
  }
  const field = (name: string) => {
    const control = name === "verdict" ? h("select", { id: name }, ...["", "REJECT", "SUSPECT", "PASS"].map((v) => h("option", { value: v }, v || "any")))
      : h("input", { id: name, placeholder: name === "asset" ? "crypto:BTC" : "any", autocomplete: "off" });
    control.addEventListener("change", () => { chosen[name] = (control as HTMLInputElement).value.trim(); before = ""; void load(); });
    return h("label", { for: name }, name, control);
  };
  fill(view, title("Anomalies", "What validate found in the last 24 hours. Open one to see what it rests on."),
    h("form", { class: "filters", submit: (event) => event.preventDefault() }, ...FILTERS.map(field)), list, more);
  more.addEventListener("click", () => void load());
  onAnomalies((items) => {
    const fresh = items.filter(fits);
    if (fresh.length && list.querySelector(".notice")) list.replaceChildren();
    list.prepend(...fresh.map(entry).reverse());
    while (list.children.length > 500) list.lastChild!.remove();
  }, signal);
  await load();
}
