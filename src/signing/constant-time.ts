// Comparison whose duration does not tell where two texts differ. `crypto.subtle.timingSafeEqual` exists in workerd only.

/** Whether two texts are equal; only their lengths may show in the time taken. */
export function equalInConstantTime(left: string, right: string): boolean {
	if (left.length !== right.length) return false;
	let difference = 0;
	for (let index = 0; index < left.length; index++) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
	return difference === 0;
}
