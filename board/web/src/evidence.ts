// What an anomaly rests on.
import type { Anomaly } from "./api";
import { h, table } from "./dom";
import { number, price, time } from "./format";

export const SIGNS: Record<string, string> = { REJECT: "✕", SUSPECT: "?", PASS: "i" };

export function verdict(word: string): HTMLElement {
  return h("span", { class: `verdict ${word.toLowerCase()}` }, `${SIGNS[word] ?? ""} ${word}`);
}

export function evidence(item: Anomaly): HTMLElement {
  const fact = (name: string, value: string) => [h("dt", {}, name), h("dd", {}, value)];
  return h("div", { class: "evidence" },
    h("p", {}, item.message),
    h("dl", {}, ...fact("Rule", item.rule), ...fact("Source", item.source), ...fact("Price", `${price(item.price)} ${item.currency}`),
      ...fact("Compared with", item.reference_price == null ? "–" : `${price(item.reference_price)} ${item.currency}`),
      ...fact("Measured", `${number(item.measured, 2)} ${item.unit}`), ...fact("Threshold", `${number(item.threshold, 2)} ${item.unit}`),
      ...fact("Observed", time(item.observed_at)), ...fact("Fetched", time(item.fetched_at))),
    item.evidence.length ? table("What the other sources said", ["Source", ["Price", "num"], ["Weight", "num"], "Observed"],
      item.evidence.map((s) => h("tr", {}, h("th", { scope: "row" }, s.source), h("td", { class: "num" }, price(s.price)),
        h("td", { class: "num" }, number(s.weight, 2)), h("td", {}, time(s.observed_at))))) : h("p", { class: "quiet" }, "No other source was fresh."));
}
