// Types of world-map.mjs, which is plain JavaScript because it runs before there is anything else.
declare module "*/world-map.mjs" {
	/** @returns the text of an SVG file with a path for each country, under its ISO 3166-1 code of two letters */
	export function drawWorld(): string;
}
