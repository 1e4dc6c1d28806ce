#!/usr/bin/env node
// Committed, so that npm links it before the first build (a bin whose file is missing at install is skipped in silence).
import { runCli } from "../dist/main.js";

process.exitCode = await runCli(process.argv.slice(2));
