const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const units = ["B", "kB", "MB", "GB", "TB"];

export function count(value: number | undefined | null): string {
  return value === undefined || value === null ? "–" : whole.format(value);
}

/** A rate, with as many digits as one can use. */
export function rate(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value >= 100 || value === 0 ? whole.format(value) : value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}

export function bytes(value: number | undefined | null): string {
  if (value === undefined || value === null) return "–";
  let unit = 0;
  let rest = value;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }

  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[unit]}`;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

export function ago(time: string | undefined, now: number = Date.now()): string {
  if (!time) return "–";
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  return seconds < 2 ? "now" : `${duration(seconds)} ago`;
}

export function clock(time: string | number): string {
  return new Date(time).toLocaleTimeString("en-GB");
}

export function date(time: string | undefined): string {
  if (!time) return "–";
  const at = new Date(time);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

/** A word of the API, for people. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
