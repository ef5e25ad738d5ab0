// One asset: each source against the consensus with its band, anomalies as marks, candles.
import uPlot from "uplot";
import { type Anomaly, type Items, type Price, get, query } from "../api";
import { type Column, DASHES, LINES, axes, chart, colour } from "../chart";
import { add, fill, h, notice, table, title } from "../dom";
import { SIGNS, evidence, verdict } from "../evidence";
import { number, price, time } from "../format";
import { onAgain, onAnomalies, onPrices } from "../live";

type Point = Pick<Price, "as_of" | "price" | "confidence" | "currency" | "sources">;
interface Lines extends Items<Point> { class: string; sector: string }
interface Candle { bucket: string; open: number; high: number; low: number; close: number; quotes: number; volume: number | null }
const POINTS_MAX = 600;
const RANGES: Record<string, string> = { "15 min": "-15m", "1 h": "-1h", "6 h": "-6h", "24 h": "-24h" };
const seconds = (text: string) => Date.parse(text) / 1000;

/** Columns for the chart: time, consensus, upper and lower end of the band, each source. */
function columns(points: Point[], sources: string[]): Column[] {
  const of = (p: Point, name: string) => p.sources?.find((s) => s.source === name)?.price ?? null;
  return [points.map((p) => seconds(p.as_of)), points.map((p) => p.price), points.map((p) => p.price + p.confidence), points.map((p) => p.price - p.confidence),
    ...sources.map((name) => points.map((p) => of(p, name)))];
}

/** Draws the marks of anomalies on top: a sign, not only a colour. Far outliers stand at the edge. */
function drawMarks(plot: uPlot, marks: Anomaly[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `bold ${12 * devicePixelRatio}px system-ui`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const mark of marks) {
    const x = plot.valToPos(seconds(mark.fetched_at), "x", true), radius = 8 * devicePixelRatio;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const y = Math.min(bbox.top + bbox.height - radius, Math.max(bbox.top + radius, plot.valToPos(mark.price, "y", true)));
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 7);
    ctx.fillStyle = colour(mark.verdict === "REJECT" ? "bad" : "warn");
    ctx.fill();
    ctx.fillStyle = colour("ground");
    ctx.fillText(SIGNS[mark.verdict], x, y);
  }
  ctx.restore();
}

/** The lines of the sources, live. Scales follow consensus and band, so that an outlier does not flatten all. */
function drawLines(place: HTMLElement, points: Point[], marks: Anomaly[], choose: (mark: Anomaly) => void, signal: AbortSignal): (p: Point) => void {
  const sources = [...new Set(points.flatMap((p) => (p.sources ?? []).map((s) => s.source)))].sort();
  const range = (_: uPlot, low: number, high: number): [number, number] => {
    const prices = points.flatMap((p) => [p.price - p.confidence, p.price + p.confidence]);
    const least = Math.min(...prices), most = Math.max(...prices), pad = (most - least || Math.abs(most) * 0.002 || 1) * 0.25;
    return prices.length ? [least - pad, most + pad] : [low, high];
  };
  const plot = chart(place, {
    axes: axes(), scales: { y: { range } }, legend: { live: true },
    bands: [{ series: [2, 3], fill: colour("band") }],
    series: [{}, { label: "consensus", stroke: colour("accent"), width: 2.5 }, { label: "band, upper", stroke: "transparent" }, { label: "lower", stroke: "transparent" },
      ...sources.map((label, i) => ({ label, stroke: colour(LINES[i % LINES.length]), dash: DASHES[i % DASHES.length], width: 1.25, spanGaps: true }))],
    hooks: { draw: [(u) => drawMarks(u, marks)] },
  }, columns(points, sources) as uPlot.AlignedData, signal, 300);
  plot.over.addEventListener("click", (event) => {
    const near = (m: Anomaly) => Math.abs(plot.valToPos(seconds(m.fetched_at), "x") - event.offsetX);
    const mark = marks.reduce<Anomaly | null>((best, m) => near(m) < 16 && (!best || near(m) < near(best)) ? m : best, null);
    if (mark) choose(mark);
  });
  return (point) => {
    points.push(point);
    if (points.length > POINTS_MAX) points.shift();
    plot.setData(columns(points, sources) as uPlot.AlignedData);
  };
}

function drawCandles(place: HTMLElement, candles: Candle[], signal: AbortSignal): void {
  const body = (plot: uPlot) => {
    const { ctx } = plot, width = Math.max(1, Math.min(12 * devicePixelRatio, plot.bbox.width / Math.max(1, candles.length) * 0.6));
    ctx.save();
    candles.forEach((c) => {
      const x = plot.valToPos(seconds(c.bucket), "x", true), y = (v: number) => plot.valToPos(v, "y", true);
      const rose = c.close >= c.open;
      ctx.strokeStyle = ctx.fillStyle = colour(rose ? "up" : "down");
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(x, y(c.high));
      ctx.lineTo(x, y(c.low));
      ctx.stroke();
      const top = y(Math.max(c.open, c.close)), tall = Math.max(devicePixelRatio, y(Math.min(c.open, c.close)) - top);
      if (rose) { ctx.fillStyle = colour("ground"); ctx.fillRect(x - width / 2, top, width, tall); ctx.strokeRect(x - width / 2, top, width, tall); }
      else ctx.fillRect(x - width / 2, top, width, tall);
    });
    ctx.restore();
  };
  const hide = { stroke: "transparent", points: { show: false } };
  const volumes = candles.map((c) => c.volume ?? c.quotes), measured = candles.some((c) => c.volume !== null);
  chart(place, {
    axes: axes(), hooks: { draw: [body] }, legend: { live: true },
    scales: { v: { range: (_, __, high) => [0, (high || 1) * 4] } },
    series: [{}, { label: "open", ...hide }, { label: "high", ...hide }, { label: "low", ...hide }, { label: "close", ...hide },
      { label: measured ? "volume" : "quotes", scale: "v", stroke: colour("rule"), fill: colour("rule"), paths: uPlot.paths.bars!({ size: [0.6, 12] }) }],
  }, [candles.map((c) => seconds(c.bucket)), ...(["open", "high", "low", "close"] as const).map((k) => candles.map((c) => c[k])), volumes] as uPlot.AlignedData, signal, 240);
}

/** The figures of the newest price. */
function facts(point: Point | undefined): HTMLElement {
  const fact = (name: string, ...value: (string | Node)[]) => h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
  const used = point?.sources?.filter((s) => s.weight > 0).length ?? 0;
  return h("dl", { class: "facts" }, fact("Consensus", h("b", { class: "big" }, price(point?.price)), ` ${point?.currency ?? ""}`),
    fact("Band", `± ${price(point?.confidence)}`), fact("Agreeing", `${used} of ${point?.sources?.length ?? 0}`), fact("As of", time(point?.as_of)));
}

function sourceTable(point: Point): HTMLElement {
  return table("Sources now", ["Source", ["Price", "num"], ["Off consensus", "num"], ["Weight", "num"], "Observed"],
    (point.sources ?? []).map((s) => h("tr", {}, h("th", { scope: "row" }, s.source), h("td", { class: "num" }, price(s.price)),
      h("td", { class: "num" }, `${number((s.price / point.price - 1) * 10000, 1)} bp`), h("td", { class: "num" }, s.weight ? number(s.weight, 2) : "left out"), h("td", {}, time(s.observed_at)))));
}

export async function showAsset(view: HTMLElement, signal: AbortSignal, asset: string): Promise<void> {
  const at = `/api/assets/${encodeURIComponent(asset)}`;
  const head = h("div"), place = h("div", { class: "chart tall" }), detail = h("section", { "aria-live": "polite", id: "evidence" });
  const marksList = h("div", { class: "marks" }), candles = h("div", { class: "chart" }), now = h("div");
  let stop = new AbortController(), range = "1 h", append: (p: Point) => void = () => undefined, marks: Anomaly[] = [];
  const choose = (mark: Anomaly) => fill(detail, h("h3", {}, "Evidence ", verdict(mark.verdict)), evidence(mark));
  const listMarks = () => fill(marksList, ...marks.slice(0, 40).map((m) => h("button", { type: "button", class: "mark", click: () => choose(m) }, SIGNS[m.verdict], " ", `${m.rule} · ${m.source} · ${time(m.fetched_at)}`)));
  const showPoint = (p: Point | undefined) => { fill(head, facts(p)); if (p) fill(now, sourceTable(p)); };
  async function load(): Promise<void> {
    stop.abort();
    stop = new AbortController();
    const from = RANGES[range], local = AbortSignal.any([signal, stop.signal]);
    const [lines, found, bars] = await Promise.all([get<Lines>(query(`${at}/lines`, { from, points: "400" }), local),
      get<Items<Anomaly>>(query("/api/anomalies", { asset, since: from, limit: "200" }), local),
      get<Items<Candle>>(query(`${at}/candles`, { from, width: range === "24 h" ? "15m" : range === "6 h" ? "5m" : "1m" }), local)]);
    marks = found.items;
    showPoint(lines.items.at(-1));
    fill(place), fill(candles);
    if (lines.items.length) append = drawLines(place, lines.items, marks, choose, local);
    else add(place, [notice("No prices in this range", "Choose a longer one; or is ingest running? `quotebus status` tells.")]);
    if (bars.items.length) drawCandles(candles, bars.items, local);
    else add(candles, [notice("No candles in this range", "Candles are made of quotes that passed.")]);
    listMarks();
  }
  const buttons = Object.keys(RANGES).map((name) => h("button", { type: "button", "aria-pressed": String(name === range), click: (event) => {
    range = name;
    buttons.forEach((b) => b.setAttribute("aria-pressed", String(b === event.currentTarget)));
    void load();
  } }, name));
  fill(view, title(asset), head, h("div", { class: "ranges", role: "group", "aria-label": "Range" }, ...buttons),
    h("h2", {}, "Sources against the consensus"), place, marksList, detail, h("h2", {}, "Candles"), candles, h("h2", {}, "Sources now"), now);
  onPrices((items) => items.filter((p) => p.asset === asset).forEach((p) => { append(p); showPoint(p); }), signal);
  onAnomalies((items) => {
    const mine = items.filter((m) => m.asset === asset);
    if (mine.length) { marks.unshift(...mine); marks.length = Math.min(marks.length, 300); listMarks(); }
  }, signal);
  onAgain(() => void load(), signal);
  await load();
}
