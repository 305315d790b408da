// One process of the release that judges many configs: `node judge.mjs DIST`, lines of {name, config} on stdin, lines of
// {name, valid, issues, migrated, rewritten} on stdout. As `config validate` does it, without a start of Node for each.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const dist = process.argv[2];

async function exported(prefix, name) {
  for (const file of readdirSync(dist).filter((each) => each.startsWith(prefix) && /\.m?js$/.test(each))) {
    if (!readFileSync(join(dist, file), "utf8").includes(name)) continue;
    const module = await import(pathToFileURL(join(dist, file)));
    const found = Object.entries(module).find(([key, value]) => key === name || value?.name === name);
    if (found) return found[1];
  }
  throw new Error(`no ${name} in ${prefix}*`);
}

const migrate = await exported("legacy-config-migrate-", "migrateLegacyConfig");
const createConfigIO = await exported("io-", "createConfigIO");
const finish = await exported("config-cli-validation-", "finishConfigValidationForCli");
const configPath = join(mkdtempSync(join(tmpdir(), "judge-")), "openclaw.json");
const logger = { info() {}, warn() {}, error() {} };

for await (const line of createInterface({ input: process.stdin })) {
  const { name, config } = JSON.parse(line);
  writeFileSync(configPath, JSON.stringify(config), { mode: 0o600 });
  const io = createConfigIO({ configPath, env: process.env, logger });
  const read = await io.readConfigFileSnapshotWithPluginMetadata({ observe: false, prepareValidation: "strict" });
  const { valid, issues } = await finish(read);
  const { config: judged, sourceConfig, changes } = migrate(config, {});
  const told = { name, valid, issues: issues.map(({ path, message }) => ({ path, message })), migrated: changes };
  told.rewritten = sourceConfig ?? judged ?? config;
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
process.exit(0);
