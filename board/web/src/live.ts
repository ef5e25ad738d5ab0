// The one stream of events of this page: who wants prices or anomalies listens here.
import type { Anomaly, Price } from "./api";

type Listener<T> = (items: T[]) => void;
const prices = new Set<Listener<Price>>();
const anomalies = new Set<Listener<Anomaly>>();
const again = new Set<() => void>();
let source: EventSource | null = null;
let heardAt = 0;
let lost = false;

function tell(text: string, state: string): void {
  const line = document.getElementById("line")!;
  if (line.textContent !== text) line.textContent = text;
  line.dataset.state = state;
}

function heard(): void {
  heardAt = Date.now();
  tell("live", "live");
}

function connect(): void {
  source?.close();
  source = new EventSource("/api/events");
  source.addEventListener("hello", () => {
    heard();
    if (lost) again.forEach((reload) => reload());
    lost = false;
  });
  source.addEventListener("beat", heard);
  source.addEventListener("prices", (event) => {
    heard();
    const items = JSON.parse((event as MessageEvent).data) as Price[];
    prices.forEach((listener) => listener(items));
  });
  source.addEventListener("anomalies", (event) => {
    heard();
    const items = (JSON.parse((event as MessageEvent).data) as { items: Anomaly[] }).items;
    anomalies.forEach((listener) => listener(items));
  });
  source.addEventListener("dropped", () => { lost = true; });
  source.onerror = () => { lost = true; tell("reconnecting", "lost"); };
}

export function startLive(): void {
  connect();
  setInterval(() => {
    if (heardAt && Date.now() - heardAt > 15000) { lost = true; heardAt = Date.now(); tell("no news for 15 s", "lost"); connect(); }
    else if (source?.readyState === EventSource.CLOSED) connect();
  }, 2000);
}

/** Calls until `signal` aborts. */
export function onPrices(listener: Listener<Price>, signal: AbortSignal): void {
  prices.add(listener);
  signal.addEventListener("abort", () => prices.delete(listener));
}
export function onAnomalies(listener: Listener<Anomaly>, signal: AbortSignal): void {
  anomalies.add(listener);
  signal.addEventListener("abort", () => anomalies.delete(listener));
}
/** After the line was lost: load again what was missed. */
export function onAgain(reload: () => void, signal: AbortSignal): void {
  again.add(reload);
  signal.addEventListener("abort", () => again.delete(reload));
}
