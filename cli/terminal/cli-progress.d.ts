// The part of cli-progress that we use; the package ships no types.
declare module "cli-progress" {
	export interface BarOptions {
		readonly format?: string;
		readonly stream?: NodeJS.WritableStream;
		readonly hideCursor?: boolean;
		readonly clearOnComplete?: boolean;
		readonly barsize?: number;
		readonly fps?: number;
	}
	export interface BarPreset {
		readonly barCompleteChar: string;
		readonly barIncompleteChar: string;
	}
	export class SingleBar {
		constructor(options: BarOptions, preset?: BarPreset);
		start(total: number, startValue: number, payload?: Record<string, unknown>): void;
		update(value: number, payload?: Record<string, unknown>): void;
		stop(): void;
	}
	export const Presets: { readonly shades_classic: BarPreset; readonly rect: BarPreset };
	const exported: { readonly SingleBar: typeof SingleBar; readonly Presets: typeof Presets };
	export default exported;
}
