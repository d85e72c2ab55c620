// Draws the console's map of the world: a path for each country under its code of two letters, so that a page can shade it by a class
// (`<use href="world.svg#BR" class="…">`). Countries that the coarse atlas leaves out are dots. Shapes: Natural Earth, public domain.
// Plain JavaScript, because npm runs it after each installation under whatever Node there is.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";

const WIDTH = 960;
const HEIGHT = 440;
const DOT_RADIUS = 3;
/** Antarctica has no firewalls, and half of the paper. */
const LEFT_OUT = "AQ";
/** That have no number in the atlas; the edge knows it by this code. */
const CODES_BY_NAME = { Kosovo: "XK" };

const { resolve } = createRequire(import.meta.url);

/** @returns the file's text */
export function drawWorld() {
	const large = countriesOf("countries-110m.json");
	const projection = geoEqualEarth().fitSize([WIDTH, HEIGHT], { type: "FeatureCollection", features: large });
	const path = geoPath(projection).digits(0);
	const drawn = new Set(large.map(codeOf));
	const small = countriesOf("countries-50m.json").filter((one) => codeOf(one) !== null && !drawn.has(codeOf(one)));
	const shapes = [
		...large.map((one) => shape(codeOf(one), path(one))),
		...small.map((one) => shape(codeOf(one), dot(path.centroid(one)))),
	];
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}"><g id="world">${shapes.join("")}</g></svg>\n`;
}

function countriesOf(name) {
	const atlas = JSON.parse(readFileSync(resolve(`world-atlas/${name}`), "utf8"));
	return feature(atlas, atlas.objects.countries).features.filter((one) => codeOf(one) !== LEFT_OUT);
}

/** The atlas has ISO 3166-1 numbers, which CLDR turns into letters. @returns null for what has neither */
function codeOf({ id, properties }) {
	return id === undefined ? (CODES_BY_NAME[properties.name] ?? null) : new Intl.Locale(`und-${id}`).region;
}

function shape(code, d) {
	return code === null ? `<path d="${d}"/>` : `<path id="${code}" d="${d}"/>`;
}

function dot([x, y]) {
	const [left, top] = [Math.round(x - DOT_RADIUS), Math.round(y)];
	const arc = `a${DOT_RADIUS},${DOT_RADIUS} 0 1 0`;
	return `M${left},${top}${arc} ${2 * DOT_RADIUS},0${arc} ${-2 * DOT_RADIUS},0Z`;
}
