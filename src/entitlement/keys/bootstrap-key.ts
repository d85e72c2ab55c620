// The bootstrap key makes the first API key of a deployment, and is then switched off.

/** Value of BOOTSTRAP_KEY where nobody gets in with one. Said and not left out: a secret that was forgotten is a fault. */
export const BOOTSTRAP_KEY_OFF = "off";
