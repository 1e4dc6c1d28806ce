// A stamp says for which inputs a step was finished. It goes before the step starts and comes back after it succeeded, so that a step
// that was killed half way counts as not done.
import fs from "node:fs";
import path from "node:path";

export function stampsOf(clone) {
  const folder = path.join(clone, ".setup", "stamps");
  const fileOf = (step) => path.join(folder, `${step}.json`);
  return {
    /** What was written, or undefined. */
    read(step) {
      try {
        return JSON.parse(fs.readFileSync(fileOf(step), "utf8"));
      } catch {
        return undefined;
      }
    },
    remove(step) {
      fs.rmSync(fileOf(step), { force: true });
    },
    write(step, stamp) {
      fs.mkdirSync(folder, { recursive: true });
      const draft = `${fileOf(step)}.${process.pid}`;
      fs.writeFileSync(draft, JSON.stringify(stamp));
      fs.renameSync(draft, fileOf(step));
    },
  };
}
