import { z } from "zod";

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  ...{ kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
};

/** A text such as `30s`, `1.5h`; milliseconds come out. */
export const duration = () => quantity(MILLISECONDS, "a duration such as 500ms, 30s, 5m or 1h");

/** A text such as `500MB`, `8GiB`; bytes come out. */
export const byteSize = () => quantity(BYTES, "a size such as 500MB or 8GiB");

function quantity(units: Readonly<Record<string, number>>, expected: string) {
  const pattern = new RegExp(`^(\\d+(?:\\.\\d+)?) ?(${Object.keys(units).join("|")})$`);
  return z
    .string(expected)
    .regex(pattern, expected)
    .transform((text) => {
      const [, number, unit = ""] = pattern.exec(text) ?? [];
      return Math.round(Number(number) * (units[unit] ?? Number.NaN));
    });
}
