// Figures as people read them.

export function price(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 1000 ? 2 : size >= 1 ? (size < 10 ? 4 : 2) : Math.min(10, 4 - Math.floor(Math.log10(size || 1)));
  return value.toLocaleString("en-US", { minimumFractionDigits: digits > 4 ? 0 : digits, maximumFractionDigits: digits });
}

/** With an arrow, so that it can be read without colour. */
export function change(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const arrow = value > 0.004 ? "▲" : value < -0.004 ? "▼" : "■";
  return `${arrow} ${Math.abs(value).toFixed(2)} %`;
}

export function changeClass(value: number | null | undefined): string {
  return !value || Math.abs(value) < 0.004 ? "num" : value > 0 ? "num up" : "num down";
}

export function number(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

export function large(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 2 });
}

export function time(text: string | null | undefined): string {
  if (!text) return "–";
  const at = new Date(text), day = new Date().toDateString() === at.toDateString() ? "" : at.toISOString().slice(0, 10) + " ";
  return day + at.toTimeString().slice(0, 8);
}

export function ago(text: string | null | undefined): string {
  if (!text) return "–";
  const s = Math.max(0, Math.round((Date.now() - Date.parse(text)) / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  return s < 86400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
}

export function code(asset: string): string {
  return asset.slice(asset.indexOf(":") + 1);
}
