/** @returns where the API has a version of a product; what is done with it stands below that path */
export function releasePath({ product, version }: { readonly product: string; readonly version: string }): string {
	return `/v1/products/${product}/releases/${encodeURIComponent(version)}`;
}
