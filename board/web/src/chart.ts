// uPlot with the colours of the page, which follow light and dark.
import uPlot from "uplot";

export type Column = (number | null)[];

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Colours of lines; each has a dash of its own too, so that they can be told apart without colour. */
export const LINES = ["line-1", "line-2", "line-3", "line-4", "line-5", "line-6"];
export const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [12, 4], [4, 2, 1, 2]];

export function axes(): uPlot.Axis[] {
  const shared = { stroke: colour("quiet"), font: "12px system-ui", grid: { stroke: colour("rule"), width: 1 }, ticks: { stroke: colour("rule"), width: 1 } };
  const clock: uPlot.Axis.Values = (_, splits) => splits.map((s) => new Date(s * 1000).toTimeString().slice(0, 8));
  return [{ ...shared, values: clock, space: 84 }, { ...shared, size: 72 }];
}

/** A chart as wide as its place, until `signal` aborts. */
export function chart(place: HTMLElement, options: Omit<uPlot.Options, "width" | "height">, data: uPlot.AlignedData, signal: AbortSignal, height = 220): uPlot {
  const plot = new uPlot({ ...options, scales: { ...options.scales, x: { range: (_, low, high) => high - low < 20 ? [low - 10, high + 10] : [low, high] } },
    width: Math.max(200, place.clientWidth || 320), height } as uPlot.Options, data, place);
  const observer = new ResizeObserver(() => { if (place.clientWidth) plot.setSize({ width: place.clientWidth, height }); });
  observer.observe(place);
  signal.addEventListener("abort", () => { observer.disconnect(); plot.destroy(); });
  return plot;
}

export function lineChart(place: HTMLElement, data: Column[], names: string[], signal: AbortSignal): void {
  chart(place, {
    axes: axes(), legend: { live: true },
    series: [{}, ...names.map((label, i) => ({ label, stroke: colour(LINES[i]), dash: DASHES[i], width: 1.5, spanGaps: true }))],
  }, data as uPlot.AlignedData, signal, 160);
}
