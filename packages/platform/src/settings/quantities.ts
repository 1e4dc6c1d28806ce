import { durationMs, durationText } from "@bonfire/protocol/durations";
import { z } from "zod";

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  ...{ kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
};

/** A text such as `30s`, `1.5h`; milliseconds come out. */
export const duration = () => durationText.transform(durationMs);

const SIZE = new RegExp(`^(\\d+(?:\\.\\d+)?) ?(${Object.keys(BYTES).join("|")})$`);
const SIZE_EXPECTED = "a size such as 500MB or 8GiB";

/** A text such as `500MB`, `8GiB`; bytes come out. */
export const byteSize = () =>
  z
    .string(SIZE_EXPECTED)
    .regex(SIZE, SIZE_EXPECTED)
    .transform((text) => {
      const [, number, unit = ""] = SIZE.exec(text) ?? [];
      return Math.round(Number(number) * (BYTES[unit] ?? Number.NaN));
    });
