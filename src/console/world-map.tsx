// The fleet on a map of the world: the shapes are a file (scripts/world-map.mjs) that the page refers to, country by country, with a class
// that says how many devices are there. The same stands in a table.
import { link } from "./layout.tsx";

export interface CountryCount {
	/** ISO 3166-1 alpha-2; anything else is on no map */
	readonly country: string;
	readonly devices: number;
	readonly failed: number;
}

const SHADES = 5;
/** From this part on a country is red. */
const MANY_FAILED = 0.05;
const CODE = /^[A-Z]{2}$/;
/** Made when first asked for: isolates that show no page need not wait for it at their start. */
let names: Intl.DisplayNames | undefined;

/** @returns as people call it; itself where it is no code */
export function countryName(country: string): string {
	if (!CODE.test(country)) return country;
	names ??= new Intl.DisplayNames("en", { type: "region" });
	return names.of(country) ?? country;
}

export function isFailing({ devices, failed }: CountryCount): boolean {
	return failed >= devices * MANY_FAILED && failed > 0;
}

/** @param version of the Worker, with which its files change @param counts of countries, each once */
export function WorldMap({ version, counts }: { version: string; counts: readonly CountryCount[] }) {
	const shown = counts.filter(({ country }) => CODE.test(country));
	if (shown.length === 0) return null;
	const most = Math.max(...shown.map(({ devices }) => devices));
	const file = link("/console/files/world.svg", { v: version });
	return (
		<figure class="map">
			<svg viewBox="0 0 960 440" role="img" aria-label="Devices by country; the table below says the same">
				<use href={`${file}#world`} class="land" />
				{shown.map((one) => (
					<use
						href={`${file}#${one.country}`}
						class={isFailing(one) ? "failing" : `shade-${shadeOf(one.devices, most)}`}
					>
						<title>{`${countryName(one.country)}: ${one.devices} devices, ${one.failed} failed`}</title>
					</use>
				))}
			</svg>
			<figcaption>
				The darker, the more devices. Red: of {MANY_FAILED * 100} % or more the last update failed.
			</figcaption>
		</figure>
	);
}

/** @returns 1 to 5: each stands for some times as many as the one before */
export function shadeOf(devices: number, most: number): number {
	if (most <= 1) return SHADES;
	return Math.min(SHADES, 1 + Math.floor((Math.log(Math.max(devices, 1)) / Math.log(most)) * (SHADES - 1) + 1e-9));
}
