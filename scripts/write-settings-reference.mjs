// Writes docs/settings.md from the settings themselves. A test fails when the page is not what this writes.
import fs from "node:fs";
import { renderSettingsReference } from "../packages/platform/dist/settings/reference.js";

fs.writeFileSync(new URL("../docs/settings.md", import.meta.url), renderSettingsReference());
