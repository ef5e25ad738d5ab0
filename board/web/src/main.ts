// Which page is shown for which address, without loading the document again.
import "uplot/dist/uPlot.min.css";
import { fill, notice, title } from "./dom";
import { startLive } from "./live";
import { showAnomalies } from "./pages/anomalies";
import { showAsset } from "./pages/asset";
import { showMarkets } from "./pages/markets";
import { showPipeline } from "./pages/pipeline";
import { showProviders } from "./pages/providers";
import { showRankings } from "./pages/rankings";
import { showWatch } from "./pages/watch";

export type Page = (view: HTMLElement, signal: AbortSignal, rest: string) => Promise<void>;

const pages: Record<string, [string, Page]> = {
  "": ["Watch list", showWatch], asset: ["", showAsset], anomalies: ["Anomalies", showAnomalies], providers: ["Providers", showProviders],
  pipeline: ["Pipeline", showPipeline], rankings: ["Rankings", showRankings], markets: ["Markets", showMarkets],
};
let leave = new AbortController();

async function show(): Promise<void> {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const view = document.getElementById("view")!;
  const [name, ...rest] = location.pathname.slice(1).split("/");
  const page = pages[name];
  document.querySelectorAll("nav a").forEach((link) => {
    if (link.getAttribute("href") === `/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  const argument = decodeURIComponent(rest.join("/"));
  document.title = `${page ? page[0] || argument : "Not found"} · quotebus`;
  fill(view, page ? title(page[0] || argument) : notice("There is no such page", "Choose one above."));
  view.dataset.state = "loading";
  try {
    await page?.[1](view, signal, argument);
    if (!signal.aborted) view.dataset.state = "ready";
  } catch (cause) {
    if (signal.aborted) return;
    view.append(notice("This cannot be shown now", (cause as Error).message, "error"));
    view.dataset.state = "failed";
  }
}

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || link.origin !== location.origin) return;
  if (link.pathname.startsWith("/api") || link.hash) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  document.getElementById("view")!.focus();
  scrollTo(0, 0);
  void show();
});
addEventListener("popstate", () => void show());
startLive();
void show();
