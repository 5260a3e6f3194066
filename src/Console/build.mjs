// Builds the console into obj/dist, each file compressed twice. The .NET build calls it when a source is newer than what it made.
// Exit code 3: the packages could not be fetched, which is no mistake of the sources. Exit code 4: Node.js is too old.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const nodeMin = 20;
if (Number(process.versions.node.split(".")[0]) < nodeMin) process.exit(4);

const root = dirname(fileURLToPath(import.meta.url));
const lock = join(root, "obj", "lock");
const lockSecondsMax = 240;
process.chdir(root);

// Two builds at a time would write into each other's folders.
function takeLock() {
  for (let waited = 0; ; waited += 0.2) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (Date.now() - statSync(lock, { throwIfNoEntry: false })?.mtimeMs > lockSecondsMax * 1000) rmSync(lock, { recursive: true, force: true });
      if (waited > lockSecondsMax) throw new Error(`another build holds ${lock}; remove it if there is none`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
}

function run(program, ...parameters) {
  const result = spawnSync(program, parameters, { encoding: "utf8", shell: process.platform === "win32", env: { ...process.env, CONSOLE_OUT: "obj/dist.new" } });
  const output = `${result.error?.message ?? ""}${result.stdout ?? ""}${result.stderr ?? ""}`;
  if (result.status !== 0) process.stderr.write(output);
  return { isDone: result.status === 0, output };
}

function installPackages() {
  const installed = join("node_modules", ".package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync("package-lock.json").mtimeMs) return;
  const { isDone, output } = run("npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error");
  // A lock file that does not fit is a mistake of ours.
  if (!isDone) process.exitCode = /EUSAGE|EINTEGRITY/.test(output) ? 1 : 3;
}

// MQTT.js comes as one file with its own dependencies inside, which Vite does not see.
function addLicensesInside(name, file) {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const found = new Set();
  const collect = parent => {
    for (const dependency of Object.keys(packages[parent].dependencies ?? {})) {
      const path = [`${parent}/node_modules/${dependency}`, `node_modules/${dependency}`].find(candidate => packages[candidate]);
      // Types are no part of the program.
      if (path && !dependency.startsWith("@types/") && !found.has(path) && found.add(path)) collect(path);
    }
  };
  collect(`node_modules/${name}`);
  let text = readFileSync(file, "utf8").trimEnd();
  for (const path of [...found].sort()) {
    const license = readdirSync(path).find(entry => /^licen[cs]e/i.test(entry));
    const { version, license: kind } = packages[path];
    text += `\n\n## ${path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)} - ${version} (${kind}), in ${name}\n\n${license ? readFileSync(join(path, license), "utf8").trim() : kind}`;
  }
  writeFileSync(file, text + "\n");
}

function compress(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
    rmSync(path);
  }
}

mkdirSync("obj", { recursive: true });
takeLock();
try {
  installPackages();
  if (!process.exitCode) {
    if (run(process.execPath, join("node_modules", "vite", "bin", "vite.js"), "build", "--logLevel", "warn").isDone) {
      addLicensesInside("mqtt", join("obj", "dist.new", "licenses.md"));
      compress("obj/dist.new");
      rmSync("obj/dist", { recursive: true, force: true });
      renameSync("obj/dist.new", "obj/dist");
    } else process.exitCode = 1;
  }
} finally {
  rmSync(lock, { recursive: true, force: true });
}
