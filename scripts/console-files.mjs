// Puts the console's static files into dist/console, from where wrangler takes them: Pico, htmx and uPlot out of node_modules, the map of
// the world, and its own.
// Plain JavaScript, because npm runs it after each installation under whatever Node there is.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const OWN = join(root, "src/console/files");
const PACKAGED = [
	"htmx.org/dist/htmx.min.js",
	"uplot/dist/uPlot.iife.min.js",
	"uplot/dist/uPlot.min.css",
	"@picocss/pico/css/pico.min.css",
];
const DATA_IMAGE = /url\("data:image\/svg\+xml,([^"]*)"\)/g;

/** @returns the folder */
export async function writeConsoleFiles() {
	const folder = join(root, "dist/console/console/files");
	mkdirSync(folder, { recursive: true });
	for (const name of readdirSync(OWN)) cpSync(join(OWN, name), join(folder, name));
	for (const path of PACKAGED) {
		const name = path.split("/").at(-1);
		const text = readFileSync(join(root, "node_modules", path), "utf8");
		writeFileSync(join(folder, name), name === "pico.min.css" ? takeImagesOut(text, folder) : text);
	}
	await writeWorld(join(folder, "world.svg"));
	return folder;
}

/** Drawing it takes a second: it is done where there is none, or one that an older script has drawn. */
async function writeWorld(path) {
	const drawnAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
	if (drawnAt > statSync(join(root, "scripts/world-map.mjs")).mtimeMs) return;
	const { drawWorld } = await import("./world-map.mjs");
	writeFileSync(path, drawWorld());
}

/** Pico's images are written into its CSS, which the console's policy (`img-src 'self'`) does not allow: each becomes a file. */
function takeImagesOut(css, folder) {
	const names = new Map();
	return css.replaceAll(DATA_IMAGE, (_, image) => {
		if (!names.has(image)) names.set(image, `pico-${names.size + 1}.svg`);
		const name = names.get(image);
		writeFileSync(join(folder, name), decodeURIComponent(image));
		return `url("${name}")`;
	});
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await writeConsoleFiles();
