// The stages: ready or not, lag, throughput, latency; and the dead letters.
import { type Items, get } from "../api";
import { fill, h, notice, table, title } from "../dom";
import { number, time } from "../format";

interface Stage { stage: string; state: string; reason: string; lag: number | null; records_per_s: number | null; latency_p50_s: number | null; latency_p99_s: number | null }
interface Letter { at: string; topic: string; partition: string; offset: string; stage: string; cause: string; message: string; key: string | null }

function stageRow(s: Stage): HTMLElement {
  const ms = (v: number | null) => v === null ? "–" : `${number(v * 1000)} ms`;
  return h("tr", {}, h("th", { scope: "row" }, s.stage), h("td", {}, h("span", { class: `verdict ${s.state === "ready" ? "pass" : "reject"}` }, s.state === "ready" ? "✓ ready" : `✕ ${s.state}`)),
    h("td", { class: "num" }, number(s.lag)), h("td", { class: "num" }, number(s.records_per_s, 1)), h("td", { class: "num" }, `${ms(s.latency_p50_s)} / ${ms(s.latency_p99_s)}`), h("td", { class: "quiet" }, s.reason));
}

function letterRow(l: Letter): HTMLElement {
  return h("tr", {}, h("td", {}, time(l.at)), h("th", { scope: "row" }, l.cause), h("td", {}, l.stage), h("td", {}, `${l.topic} [${l.partition}] ${l.offset}`), h("td", { class: "quiet" }, l.message));
}

export async function showPipeline(view: HTMLElement, signal: AbortSignal): Promise<void> {
  async function load(): Promise<void> {
    const [stages, letters] = await Promise.all([get<Items<Stage>>("/api/pipeline", signal), get<Items<Letter>>("/api/dead-letters", signal)]);
    fill(view, title("Pipeline", "Records not read yet, records per second, and how long a record takes through a stage."),
      table("Stages", ["Stage", "State", ["Lag", "num"], ["Per second", "num"], ["p50 / p99", "num"], "Says"], stages.items.map(stageRow)),
      h("h2", {}, "Dead letters"),
      letters.items.length ? table("Dead letters", ["At", "Cause", "Stage", "Record", "Says"], letters.items.map(letterRow)) : notice("None", "Every record could be used."));
  }
  const timer = setInterval(() => { if (!view.contains(document.activeElement) || document.activeElement === view) load().catch(() => undefined); }, 3000);
  signal.addEventListener("abort", () => clearInterval(timer));
  await load();
}
