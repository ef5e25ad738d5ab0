// Elements from data. Text is always text: nothing that came over the wire is parsed as HTML.

export type Child = Node | string | number | null | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  add(element, children);
  return element;
}

export function add(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === "object" ? child : String(child));
  }
}

export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  add(element, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** A small line of prices; decoration beside the figures, so hidden from screen readers. */
export function spark(points: number[] | null | undefined): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 28");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "spark");
  svg.setAttribute("aria-hidden", "true");
  if (points && points.length > 1) {
    const low = Math.min(...points), span = Math.max(...points) - low || 1;
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", points.map((p, i) => `${(i / (points.length - 1)) * 100},${25 - ((p - low) / span) * 22}`).join(" "));
    svg.append(line);
  }
  return svg;
}

/** A table in a region that scrolls sideways on its own, reachable by keyboard. */
export function table(caption: string, heads: (string | [string, string])[], rows: HTMLElement[], kind = ""): HTMLElement {
  const head = heads.map((h1) => typeof h1 === "string" ? h("th", { scope: "col" }, h1) : h("th", { scope: "col", class: h1[1] }, h1[0]));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", { class: kind || undefined }, h("caption", { class: "hidden" }, caption), h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)));
}

/** What is shown where there is nothing: what is so, and what to do. */
export function notice(title: string, text: string, kind = ""): HTMLElement {
  return h("div", { class: `notice ${kind}`, role: kind === "error" ? "alert" : undefined }, h("h2", {}, title), h("p", {}, text));
}

export function title(text: string, lead?: string): HTMLElement {
  return h("div", { class: "title" }, h("h1", {}, text), lead ? h("p", { class: "lead" }, lead) : null);
}
