// What the API answers (board/openapi.yaml) and how it is asked.

export interface Source { source: string; price: number; observed_at: string; weight: number }
export interface Price { asset: string; currency: string; price: number; confidence: number; source_count: number; as_of: string; observed_at: string; sources: Source[] | null }
export interface Asset extends Price { class: string; sector: string; change_pct: number | null; change_since: string | null; price_before: number | null; spark: number[] | null }
export interface Anomaly {
  asset: string; source: string; rule: string; verdict: string; message: string; measured: number | null; threshold: number | null;
  unit: string; currency: string; price: number; reference_price: number | null; observed_at: string; fetched_at: string; evidence: Source[];
}
export interface Items<T> { items: T[]; next_before?: string | null }

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { signal, headers: { accept: "application/json" } });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Error("The board does not answer: is quotebus-board running?");
  }
  if (answer.ok) return answer.json() as Promise<T>;
  const problem = await answer.json().catch(() => ({ detail: answer.statusText }));
  throw new Error(problem.detail);
}

export function query(path: string, parameters: Record<string, string>): string {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}
